extension Duration {
    /// As a limit is told to a person: whole seconds (`15 s`), or milliseconds where it is less than one second or no whole
    /// number of them (`1500 ms`).
    public var words: String {
        let (seconds, attoseconds) = components
        if attoseconds == 0 { return "\(seconds) s" }
        let milliseconds = Double(seconds) * 1_000 + Double(attoseconds) / 1e15
        return "\(Int(exactly: milliseconds.rounded()) ?? .max) ms"
    }
}
