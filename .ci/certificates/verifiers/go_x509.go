// Answers the questions of ../check as Go's crypto/x509 does, for a TLS server: the verifier of
// Traefik and Caddy. Input and output: see "What a verifier is" in ../check.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	questions, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(questions)
	for lines.Scan() {
		field := strings.Split(lines.Text(), "\t")
		number, leaf, trust, name, instant := field[0], field[1], field[3], field[5], field[6]
		if err := verify(leaf, trust, name, instant); err != nil {
			fmt.Printf("%s\trefuse\t%s\n", number, strings.Join(strings.Fields(err.Error()), " "))
		} else {
			fmt.Printf("%s\taccept\t\n", number)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

// verify returns why the leaf must not be taken for the name at the instant, or nil. A file that
// cannot be read is no verdict: it ends the program.
func verify(leafFile, trustFile, name, instant string) error {
	block, _ := pem.Decode(read(leafFile))
	if block == nil {
		log.Fatalf("%s holds no certificate", leafFile)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(read(trustFile)) {
		log.Fatalf("%s holds no certificate", trustFile)
	}
	seconds, err := strconv.ParseInt(instant, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		DNSName:     name, // also takes IP addresses
		Roots:       roots,
		CurrentTime: time.Unix(seconds, 0),
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

func read(file string) []byte {
	content, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	return content
}
