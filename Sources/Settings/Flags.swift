/// What the command line said, unparsed: each option with its words, in their order. An option that is not here was not
/// given.
public struct Flags: Sendable, Equatable {
    private(set) var words: [Option: [String]] = [:]

    public init() {}

    /// Nothing is noted when `value` is nil.
    public mutating func set(_ option: Option, _ value: String?) {
        if let value { words[option] = [value] }
    }

    /// Nothing is noted when `values` is empty.
    public mutating func set(_ option: Option, _ values: [String]) {
        if !values.isEmpty { words[option] = values }
    }

    /// Nothing is noted when `isOn` is false, so that the file's `true` stays.
    public mutating func set(_ option: Option, isOn: Bool) {
        if isOn { words[option] = ["true"] }
    }
}
