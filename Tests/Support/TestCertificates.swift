import Glibc
import Synchronization

/// Certificates for tests, made by the `openssl` program into a temporary directory, once a process, and removed at its end.
///
/// All are of `host` (and `localhost`, 127.0.0.1, ::1) unless they say otherwise; keys are EC P-256 unless they say RSA.
public struct TestCertificates: Sendable {
    /// A certificate with what a server sends behind it, and its key, as PEM files.
    public struct Server: Sendable {
        public let certificateFile: String
        public let keyFile: String

        public init(certificateFile: String, keyFile: String) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    /// The name that the servers' certificates are for.
    public static let host = "mail.example.test"
    /// An anchor file that holds the root.
    public let root: String
    /// An anchor file that holds the intermediate and not the root.
    public let intermediate: String
    /// An anchor file that holds a root which issued nothing here.
    public let otherRoot: String
    /// An anchor file that holds the root of the chain with RSA keys.
    public let rsaRoot: String
    /// Leaf and intermediate: what a good server sends.
    public let server: Server
    /// The same with RSA 2048 throughout, below `rsaRoot`.
    public let rsaServer: Server
    /// The leaf alone, as a server that forgot its intermediate sends it.
    public let withoutIntermediate: Server
    /// Leaf, intermediate and root.
    public let withRoot: Server
    /// Expired in 2021.
    public let expired: Server
    /// Valid from 2090 on.
    public let notYetValid: Server
    /// For other.example.test alone.
    public let otherName: Server
    /// For *.example.test alone.
    public let wildcard: Server
    /// Has `host` as its common name and no subjectAltName.
    public let commonNameOnly: Server
    public let selfSigned: Server
    /// Issued by a leaf, which is no CA.
    public let issuedByLeaf: Server
    /// For clients alone (extendedKeyUsage clientAuth).
    public let clientPurpose: Server
    /// A directory as OpenSSL's `rehash` makes it; it holds the root.
    public let hashedDirectory: String
    /// Where all of them are, with `leaf.key` and the rest.
    public let directory: String
    /// RSA 1024: below the security level of Debian.
    public let weakKey: Server

    private static let made = Mutex<TestCertificates?>(nil)

    /// The same files for every test of the process. Throws when the `openssl` program fails.
    public static func shared() throws -> TestCertificates {
        try made.withLock { made in
            if let made { return made }
            let new = try TestCertificates()
            made = new
            // What is registered here cannot carry a value with it: it looks the directory up again.
            atexit {
                let directory = TestCertificates.made.withLock { $0?.directory }
                if let directory { _ = try? TestProcess.run(["rm", "-rf", directory]) }
            }
            return new
        }
    }

    /// What `--pin-sha256` takes for the key of the first certificate of a file, as the openssl program makes it.
    public static func pin(of certificate: String) throws -> String {
        let script = #"""
            openssl x509 -in "$0" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64
            """#
        return String(try TestProcess.run(["sh", "-c", script, certificate]).prefix { $0 != "\n" })
    }

    private init() throws {
        let directory = try TestCertificates.newDirectory()
        try TestProcess.run(["sh", "-s"], input: TestCertificates.script, directory: directory)
        func server(_ name: String, key: String = "leaf") -> Server {
            Server(certificateFile: "\(directory)/\(name).pem", keyFile: "\(directory)/\(key).key")
        }
        self.directory = directory
        root = "\(directory)/root.pem"
        intermediate = "\(directory)/intermediate.pem"
        otherRoot = "\(directory)/other-root.pem"
        rsaRoot = "\(directory)/rsa-root.pem"
        hashedDirectory = "\(directory)/hashed"
        self.server = server("leaf-chain")
        rsaServer = server("rsa-leaf-chain", key: "rsa-leaf")
        withoutIntermediate = server("leaf")
        withRoot = server("whole-chain")
        expired = server("expired-chain")
        notYetValid = server("not-yet-chain")
        otherName = server("other-name-chain")
        wildcard = server("wildcard-chain")
        commonNameOnly = server("common-name-chain")
        selfSigned = server("self-signed")
        issuedByLeaf = server("below-leaf-chain", key: "other-leaf")
        clientPurpose = server("client-chain")
        weakKey = server("weak-chain", key: "weak-leaf")
    }

    private static func newDirectory() throws -> String {
        var template = Array("/tmp/modemail-certificates-XXXXXX".utf8CString)
        // The array outlives the call, which writes within it.
        guard unsafe mkdtemp(&template) != nil else {
            throw TestProcess.Failure.notStarted(program: "mkdtemp", errno: errno)
        }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static let script = #"""
        set -e
        umask 077
        key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
        rsa() { openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.key"; }
        # certificate NAME KEY ISSUER EXTENSIONS COMMON-NAME FROM TO
        certificate() {
            openssl req -new -config ca.cnf -key "$2.key" -subj "/O=modemail test/CN=$5" -out "$1.csr"
            if [ "$3" = self ]; then signer="-selfsign -keyfile $2.key"; else signer="-cert $3.pem -keyfile $3.key"; fi
            openssl ca -batch -notext -config ca.cnf $signer -in "$1.csr" -out "$1.pem" \
                -extensions "$4" -startdate "$6" -enddate "$7"
        }
        from=20200101000000Z; to=20991231235959Z
        touch index.txt
        cat > ca.cnf <<'CONFIGURATION'
        [ca]
        default_ca = ca_default
        [ca_default]
        database = index.txt
        new_certs_dir = .
        default_md = sha256
        policy = policy
        unique_subject = no
        rand_serial = yes
        [policy]
        organizationName = optional
        commonName = supplied
        [req]
        distinguished_name = subject
        [subject]
        [authority]
        basicConstraints = critical, CA:true
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        [server]
        basicConstraints = critical, CA:false
        extendedKeyUsage = serverAuth
        subjectAltName = DNS:mail.example.test, DNS:localhost, IP:127.0.0.1, IP:0:0:0:0:0:0:0:1
        [other_name]
        basicConstraints = critical, CA:false
        subjectAltName = DNS:other.example.test
        [wildcard]
        basicConstraints = critical, CA:false
        subjectAltName = DNS:*.example.test
        [common_name_only]
        basicConstraints = critical, CA:false
        [client]
        basicConstraints = critical, CA:false
        extendedKeyUsage = clientAuth
        subjectAltName = DNS:mail.example.test
        CONFIGURATION
        key root; key intermediate; key other-root; key leaf; key other-leaf
        rsa rsa-root 2048; rsa rsa-intermediate 2048; rsa rsa-leaf 2048; rsa weak-leaf 1024
        host=mail.example.test
        certificate root root self authority "Test Root" $from $to
        certificate other-root other-root self authority "Other Root" $from $to
        certificate intermediate intermediate root authority "Test Intermediate" $from $to
        certificate rsa-root rsa-root self authority "Test RSA Root" $from $to
        certificate rsa-intermediate rsa-intermediate rsa-root authority "Test RSA Intermediate" $from $to
        certificate leaf leaf intermediate server $host $from $to
        certificate rsa-leaf rsa-leaf rsa-intermediate server $host $from $to
        certificate expired leaf intermediate server $host $from 20210101000000Z
        certificate not-yet leaf intermediate server $host 20900101000000Z $to
        certificate other-name leaf intermediate other_name other.example.test $from $to
        certificate wildcard leaf intermediate wildcard "*.example.test" $from $to
        certificate common-name leaf intermediate common_name_only $host $from $to
        certificate client leaf intermediate client $host $from $to
        certificate self-signed leaf self server $host $from $to
        certificate below-leaf other-leaf leaf server $host $from $to
        certificate weak weak-leaf intermediate server $host $from $to
        for name in leaf expired not-yet other-name wildcard common-name client weak; do
            cat $name.pem intermediate.pem > $name-chain.pem
        done
        cat rsa-leaf.pem rsa-intermediate.pem > rsa-leaf-chain.pem
        cat leaf.pem intermediate.pem root.pem > whole-chain.pem
        cat below-leaf.pem leaf.pem intermediate.pem > below-leaf-chain.pem
        mkdir hashed
        cp root.pem hashed
        openssl rehash hashed
        """#
}
