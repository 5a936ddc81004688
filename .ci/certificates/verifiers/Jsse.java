import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * Answers the questions of ../check as a Java client does: by a TLS handshake in memory, in which
 * the server shows the leaf with its key and the client checks path, purpose and name.
 *
 * <p>Input and output: see "What a verifier is" in ../check.
 */
class Jsse {
  public static void main(String[] arguments) throws Exception {
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String[] field = line.split("\t");
      String number = field[0], leaf = field[1], key = field[2], trust = field[3], name = field[5];
      Date instant = new Date(Long.parseLong(field[6]) * 1000);

      SSLEngine server = identity(leaf, key).createSSLEngine();
      server.setUseClientMode(false);
      SSLEngine client = trustAt(trust, instant).createSSLEngine(name, 443);
      client.setUseClientMode(true);
      SSLParameters parameters = client.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the name check of RFC 2818
      client.setSSLParameters(parameters);

      try {
        shakeHands(client, server);
        System.out.println(number + "\taccept\t");
      } catch (SSLException refusal) {
        if (!(refusal.getCause() instanceof CertificateException)) {
          throw refusal; // no verdict on the certificate: the handshake itself is at fault
        }
        String reason = refusal.getMessage().replaceAll("\\s+", " ");
        System.out.println(number + "\trefuse\t" + reason);
      }
    }
  }

  /** The server's side: the leaf and its key. */
  static SSLContext identity(String leafFile, String keyFile)
      throws IOException, GeneralSecurityException {
    X509Certificate leaf = (X509Certificate) certificates(leafFile).iterator().next();
    String base64 = Files.readString(Path.of(keyFile)).replaceAll("-----[A-Z ]+-----|\\s", "");
    PrivateKey key =
        KeyFactory.getInstance(leaf.getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
    KeyStore store = KeyStore.getInstance("JKS"); // PKCS12 would spend its time on encryption
    store.load(null, null);
    store.setKeyEntry("leaf", key, new char[0], new Certificate[] {leaf});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  /** The client's side: the trust bundle, judged at the instant. */
  static SSLContext trustAt(String trustFile, Date instant)
      throws IOException, GeneralSecurityException {
    Set<TrustAnchor> anchors = new HashSet<>();
    for (Certificate anchor : certificates(trustFile)) {
      anchors.add(new TrustAnchor((X509Certificate) anchor, null));
    }
    PKIXBuilderParameters path = new PKIXBuilderParameters(anchors, new X509CertSelector());
    path.setDate(instant);
    path.setRevocationEnabled(false); // a private CA publishes no revocation list
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(new CertPathTrustManagerParameters(path));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  static Collection<? extends Certificate> certificates(String file)
      throws IOException, CertificateException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))));
  }

  /** Carries the messages between both until the client has finished, or throws its refusal. */
  static void shakeHands(SSLEngine client, SSLEngine server) throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(1 << 16);
    ByteBuffer toClient = ByteBuffer.allocate(1 << 16);
    client.beginHandshake();
    server.beginHandshake();
    for (int turn = 0; turn < 10; turn++) { // TLS 1.3 needs two, TLS 1.2 three
      speak(client, toClient, toServer);
      if (client.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING) {
        return;
      }
      speak(server, toServer, toClient);
    }
    throw new SSLException("the handshake does not end");
  }

  /** Lets one side read all it got and say all it has to say. */
  static void speak(SSLEngine engine, ByteBuffer heard, ByteBuffer said) throws SSLException {
    ByteBuffer none = ByteBuffer.allocate(0);
    ByteBuffer unused = ByteBuffer.allocate(1 << 15);
    heard.flip();
    boolean more = true;
    while (more) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> engine.getDelegatedTask().run();
        case NEED_WRAP -> engine.wrap(none, said);
        case NEED_UNWRAP -> {
          more = heard.hasRemaining();
          if (more) {
            engine.unwrap(heard, unused);
          }
        }
        default -> more = false;
      }
    }
    heard.compact();
  }
}
