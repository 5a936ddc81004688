# Homebrew on Linux: a formula of a tap, or brew install --formula ./civi-ingress.rb
class CiviIngress < Formula
  desc "Certificates and Traefik manifests of Civiparoisse instances"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["Apache-2.0", "MIT"]

  depends_on :linux

  on_intel do
    url "@REPOSITORY@/releases/download/v@VERSION@/civi-ingress-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
    sha256 "@SHA256_X86_64@"
  end
  on_arm do
    url "@REPOSITORY@/releases/download/v@VERSION@/civi-ingress-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
    sha256 "@SHA256_AARCH64@"
  end

  def install
    bin.install "civi-ingress"
    bin.install_symlink "civi-ingress" => "kubectl-civi_ingress"
    bash_completion.install "completions/civi-ingress.bash" => "civi-ingress"
    zsh_completion.install "completions/_civi-ingress"
    fish_completion.install "completions/civi-ingress.fish"
    man1.install Dir["man/*"]
    doc.install "LICENSES-THIRD-PARTY"
  end

  test do
    manifests = shell_output("#{bin}/civi-ingress new-instance paroisse-a --host a.example.org")
    assert_match "kind: IngressRoute", manifests
  end
end
