/// Which address of a name was reached last, remembered between runs: the next connection costs no look-up.
public protocol AddressMemory: Sendable {
    /// In text; nil: none is known, or it is too old.
    func address(of host: String) async -> String?
    func remember(_ address: String, of host: String) async
    /// It was not reached, or it is another's by now.
    func forget(_ host: String) async
}
