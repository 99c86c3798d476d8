// One revocation list of as many entries as told, by Go's own library, signed with a P-256 key.  Prints its size, the CPU seconds that making
// it took (not what making up the entries took), and the most memory that was resident.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"log"
	"math/big"
	"os"
	"strconv"
	"syscall"
	"time"
)

// The reason "superseded", as an entry's extension has it (RFC 5280 §5.3.1).
var superseded = pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 21}, Value: []byte{0x0a, 0x01, 0x04}}

func entries(count int) []pkix.RevokedCertificate {
	list := make([]pkix.RevokedCertificate, count)
	now := time.Now().UTC()
	for i := range list {
		serial := make([]byte, 16)
		if _, err := rand.Read(serial); err != nil {
			log.Fatal(err)
		}
		serial[0] = serial[0]&0x7f | 0x40
		list[i] = pkix.RevokedCertificate{
			SerialNumber:   new(big.Int).SetBytes(serial),
			RevocationTime: now.Add(-time.Duration(i%86400) * time.Second),
			Extensions:     []pkix.Extension{superseded},
		}
	}
	return list
}

func issuer() (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3, 4},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	return certificate, key
}

func usage() (seconds float64, resident int64) {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		log.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds(), use.Maxrss
}

func main() {
	count, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	certificate, key := issuer()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour), RevokedCertificates: entries(count)}
	before, _ := usage()
	der, err := x509.CreateRevocationList(rand.Reader, list, certificate, key)
	if err != nil {
		log.Fatal(err)
	}
	after, resident := usage()
	fmt.Printf("%d bytes, %.2f s CPU, %d MB\n", len(der), after-before, resident/1024)
}
