# Nix: nix-env --install --file civi-ingress.nix, or pkgs.callPackage ./civi-ingress.nix { }
{
  pkgs ? import <nixpkgs> { },
  lib ? pkgs.lib,
  stdenvNoCC ? pkgs.stdenvNoCC,
  fetchurl ? pkgs.fetchurl,
  installShellFiles ? pkgs.installShellFiles,
}:

let
  version = "@VERSION@";
  archives = {
    x86_64-linux = {
      target = "x86_64-unknown-linux-musl";
      sha256 = "@SHA256_X86_64@";
    };
    aarch64-linux = {
      target = "aarch64-unknown-linux-musl";
      sha256 = "@SHA256_AARCH64@";
    };
  };
  system = stdenvNoCC.hostPlatform.system;
  archive = archives.${system} or (throw "civi-ingress has no program for ${system}");
in
stdenvNoCC.mkDerivation {
  pname = "civi-ingress";
  inherit version;

  src = fetchurl {
    url = "@REPOSITORY@/releases/download/v${version}/civi-ingress-${version}-${archive.target}.tar.gz";
    inherit (archive) sha256;
  };

  nativeBuildInputs = [ installShellFiles ];
  dontConfigure = true;
  dontBuild = true;

  installPhase = ''
    runHook preInstall
    install -D -t $out/bin civi-ingress
    ln -s civi-ingress $out/bin/kubectl-civi_ingress
    installShellCompletion completions/civi-ingress.bash completions/civi-ingress.fish completions/_civi-ingress
    installManPage man/*
    install -D -m 644 -t $out/share/doc/civi-ingress LICENSE* README.md
    runHook postInstall
  '';

  meta = {
    description = "@DESCRIPTION@";
    homepage = "@REPOSITORY@";
    license = with lib.licenses; [ asl20 mit ];
    mainProgram = "civi-ingress";
    platforms = builtins.attrNames archives;
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
  };
}
