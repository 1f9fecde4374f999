import Synchronization

/// Certificates that no client may take, below the authorities of `TestCertificates` and beside their files, made once a process.
public struct BadCertificates: Sendable {
    public typealias Server = TestCertificates.Server

    private let directory: String
    private static let made = Mutex<BadCertificates?>(nil)

    /// The same files for every test of the process. Throws when the `openssl` program fails.
    public static func shared() throws -> BadCertificates {
        try made.withLock { made in
            if let made { return made }
            let new = BadCertificates(directory: try TestCertificates.shared().directory)
            try TestProcess.run(["sh", "-s"], input: script, directory: new.directory)
            made = new
            return new
        }
    }

    private func server(_ name: String, key: String = "leaf") -> Server {
        Server(certificateFile: "\(directory)/\(name)-chain.pem", keyFile: "\(directory)/\(key).key")
    }

    /// For *.test: two labels too few for `TestCertificates.host`.
    public var wideWildcard: Server { server("wide") }
    /// For * alone.
    public var bareWildcard: Server { server("star") }
    /// For ma*.example.test and loc*: a part of a label.
    public var partialWildcard: Server { server("partial") }
    /// For mail.*.test: a label that is not the leftmost.
    public var innerWildcard: Server { server("inner") }
    /// May sign certificates alone (keyUsage keyCertSign).
    public var wrongUsage: Server { server("usage") }
    /// Has a critical extension that nobody knows.
    public var unknownExtension: Server { server("critical") }
    /// Signed with MD5.
    public var signedWithMD5: Server { server("md5") }
    /// Signed with SHA-1.
    public var signedWithSHA1: Server { server("sha1") }
    /// Below an intermediate that is signed with SHA-1.
    public var belowSHA1: Server { server("below-sha1") }
    /// RSA 512.
    public var tinyKey: Server { server("tiny", key: "tiny") }
    /// Below an intermediate that expired in 2021.
    public var belowExpired: Server { server("below-expired") }
    /// Below an intermediate that may not sign certificates (keyUsage).
    public var belowNoSigner: Server { server("below-no-signer") }
    /// Below an intermediate that may issue for example.org alone (name constraints).
    public var outsideConstraints: Server { server("constrained-leaf") }
    /// Two certificates below one whose path length is 0.
    public var tooDeep: Server { server("too-deep") }
    /// The good one, with its intermediate in 150 copies: some 70 kB.
    public var large: Server { server("large") }
    /// The good one, with its intermediate in 300 copies: some 140 kB.
    public var tooLarge: Server { server("too-large") }

    private static let script = #"""
        set -e
        umask 077
        # certificate NAME KEY ISSUER EXTENSIONS COMMON-NAME TO [option]…
        certificate() {
            name=$1; key=$2; issuer=$3; extensions=$4; subject=$5; to=$6; shift 6
            openssl req -new -config ca.cnf -key "$key.key" -subj "/O=modemail test/CN=$subject" -out "$name.csr"
            openssl ca -batch -notext -config bad.cnf -cert "$issuer.pem" -keyfile "$issuer.key" -in "$name.csr" \
                -out "$name.pem" -extensions "$extensions" -startdate 20200101000000Z -enddate "$to" "$@"
        }
        cat ca.cnf - > bad.cnf <<'CONFIGURATION'
        [wide]
        subjectAltName = DNS:*.test
        [star]
        subjectAltName = DNS:*
        [partial]
        subjectAltName = DNS:ma*.example.test, DNS:loc*
        [inner]
        subjectAltName = DNS:mail.*.test
        [usage]
        keyUsage = critical, keyCertSign
        subjectAltName = DNS:mail.example.test, DNS:localhost
        [critical]
        1.3.6.1.4.1.55555.1 = critical, DER:0500
        subjectAltName = DNS:mail.example.test, DNS:localhost
        [no_signer]
        basicConstraints = critical, CA:true
        keyUsage = critical, digitalSignature
        subjectKeyIdentifier = hash
        [constrained]
        basicConstraints = critical, CA:true
        keyUsage = critical, keyCertSign
        nameConstraints = critical, permitted;DNS:example.org
        subjectKeyIdentifier = hash
        [last]
        basicConstraints = critical, CA:true, pathlen:0
        keyUsage = critical, keyCertSign
        subjectKeyIdentifier = hash
        CONFIGURATION
        good=20991231235959Z; host=mail.example.test
        for name in sha1-issuer expired-issuer no-signer constrained last deeper; do
            openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $name.key
        done
        openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:512 -out tiny.key
        for name in wide star partial inner usage critical; do
            certificate $name leaf intermediate $name $host $good
        done
        certificate md5 leaf rsa-intermediate server $host $good -md md5
        certificate sha1 leaf intermediate server $host $good -md sha1
        certificate tiny tiny intermediate server $host $good
        certificate sha1-issuer sha1-issuer intermediate authority "Test SHA-1 Issuer" $good -md sha1
        certificate expired-issuer expired-issuer root authority "Test Expired Issuer" 20210101000000Z
        certificate no-signer no-signer root no_signer "Test Issuer Without Usage" $good
        certificate constrained constrained root constrained "Test Constrained Issuer" $good
        certificate last last root last "Test Last Issuer" $good
        certificate deeper deeper last authority "Test Deeper Issuer" $good
        certificate below-sha1 leaf sha1-issuer server $host $good
        certificate below-expired leaf expired-issuer server $host $good
        certificate below-no-signer leaf no-signer server $host $good
        certificate constrained-leaf leaf constrained server $host $good
        certificate too-deep leaf deeper server $host $good
        for name in wide star partial inner usage critical sha1 tiny; do
            cat $name.pem intermediate.pem > $name-chain.pem
        done
        cat md5.pem rsa-intermediate.pem > md5-chain.pem
        cat below-sha1.pem sha1-issuer.pem intermediate.pem > below-sha1-chain.pem
        for name in expired no-signer; do
            issuer=$name; [ $name = expired ] && issuer=expired-issuer
            cat below-$name.pem $issuer.pem > below-$name-chain.pem
        done
        cat constrained-leaf.pem constrained.pem > constrained-leaf-chain.pem
        cat too-deep.pem deeper.pem last.pem > too-deep-chain.pem
        copies() { cat leaf.pem; i=0; while [ $i -lt $1 ]; do cat intermediate.pem; i=$((i + 1)); done; }
        copies 150 > large-chain.pem
        copies 300 > too-large-chain.pem
        """#
}
