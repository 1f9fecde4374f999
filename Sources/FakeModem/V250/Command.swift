/// One command of a line: `E0`, `&F`, `S3=13`, `+CMEE=1`, `+QIOPEN?`.
struct Command: Equatable {
    enum Form: Equatable {
        case execute
        case read
        case test
        case set([Argument])
    }

    /// Upper case, with its introducer: `E`, `&F`, `S3`, `D`, `+CMEE`.
    let name: String
    let form: Form

    /// The number of a basic command (`E0` has 0), 0 where none was typed (V.250 §5.3.1); nil for what is no number.
    var number: Int? {
        switch form {
        case .execute: 0
        case .set(let arguments): arguments.first?.number
        case .read, .test: nil
        }
    }

    var arguments: [Argument]? {
        switch form {
        case .set(let arguments): arguments
        case .execute, .read, .test: nil
        }
    }
}

/// One parameter of a command (V.250 §5.4.2).
enum Argument: Equatable {
    case omitted
    case number(Int)
    /// What stood between double quotes.
    case text(String)
    /// Anything else that stood bare: a dial string, a number too large to be one.
    case word(String)

    var number: Int? {
        if case .number(let value) = self { value } else { nil }
    }

    var text: String? {
        if case .text(let value) = self { value } else { nil }
    }
}

extension [Argument] {
    /// The number at `index`; `fallback` where the parameter is left out, nil where it is something else.
    func number(_ index: Int, default fallback: Int? = nil) -> Int? {
        guard index < count, self[index] != .omitted else { return fallback }
        return self[index].number
    }

    /// The quoted text at `index`; `fallback` where the parameter is left out, nil where it is something else.
    func text(_ index: Int, default fallback: String? = nil) -> String? {
        guard index < count, self[index] != .omitted else { return fallback }
        return self[index].text
    }
}
