/// Who the modem says it is (3GPP TS 27.007 §5.1 to §5.4). Each may be empty: some modems answer none of it.
public struct ModemIdentity: Sendable, Equatable {
    /// `Quectel`
    public var manufacturer: String
    /// `EC25`
    public var model: String
    /// The firmware: `EC25EFAR06A06M4G`.
    public var revision: String
    /// 14 to 16 digits; nil where it was not told.
    public var imei: String?

    public init(manufacturer: String = "", model: String = "", revision: String = "", imei: String? = nil) {
        self.manufacturer = manufacturer
        self.model = model
        self.revision = revision
        self.imei = imei
    }
}
