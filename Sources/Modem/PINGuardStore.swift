/// Where the PIN guard keeps its records, each under the SIM's serial number or the modem's IMEI.
public protocol PINGuardStore: Sendable {
    /// The record under that key, nil when there is none. A record that cannot be read is an error, never "none".
    func record(for key: String) async throws(PINGuardStoreError) -> PINRecord?
    /// Returns once the record is on the disk, whole or not at all.
    func store(_ record: PINRecord, for key: String) async throws(PINGuardStoreError)
    /// Where a person finds the record.
    func place(of key: String) -> String
}

/// Why a record could not be read or written.
public struct PINGuardStoreError: Error, Sendable, Equatable {
    public let words: String

    public init(_ words: String) {
        self.words = words
    }
}

/// What is known of the PINs that were sent to one SIM. The PINs themselves are not in it: digests under a key of its own.
public struct PINRecord: Sendable, Equatable {
    /// Of the digests; 32 random octets.
    public var key: [UInt8]
    /// A PIN was about to be sent, and no answer was recorded.
    public var intent: Intent?
    /// Digests of the PINs that this SIM refused, the newest last; at most 16.
    public var refused: [[UInt8]]

    public struct Intent: Sendable, Equatable {
        public var digest: [UInt8]
        /// Before it was sent; nil where the modem does not tell.
        public var triesLeft: Int?

        public init(digest: [UInt8], triesLeft: Int?) {
            self.digest = digest
            self.triesLeft = triesLeft
        }
    }

    public init(key: [UInt8], intent: Intent? = nil, refused: [[UInt8]] = []) {
        self.key = key
        self.intent = intent
        self.refused = refused
    }
}
