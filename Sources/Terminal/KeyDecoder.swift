/// What a person pressed.
public enum Key: Sendable, Equatable {
    case character(Unicode.Scalar)
    case enter
    case tab
    case backspace
    case delete
    case left
    case right
    case up
    case down
    case home
    case end
    case wordLeft
    case wordRight
    /// Ctrl and a letter, in small letters.
    case control(Character)
}

/// Octets of a terminal to keys, whole or in pieces: UTF-8, and the sequences that terminals send for keys (ECMA-48 §5.4,
/// xterm's control sequences). What it does not know is dropped; it holds no more than one sequence.
public struct KeyDecoder: Sendable {
    private enum State: Sendable {
        case ground
        case escape
        /// Behind `ESC [`: parameters so far.
        case sequence([UInt8])
        /// Behind `ESC O`.
        case single
        /// Of a character of so many octets.
        case utf8([UInt8], of: Int)
    }

    private var state = State.ground
    private var wasReturn = false
    private static let sequenceLimit = 16

    public init() {}

    public mutating func decode(_ octets: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        for octet in octets {
            if let key = take(octet) { keys.append(key) }
        }
        return keys
    }

    private mutating func take(_ octet: UInt8) -> Key? {
        switch state {
        case .ground: return ground(octet)
        case .escape:
            switch octet {
            case UInt8(ascii: "["): state = .sequence([])
            case UInt8(ascii: "O"): state = .single
            case 0x1B: state = .escape
            default:
                state = .ground
                return Self.alternate(octet)
            }
            return nil
        case .single:
            state = .ground
            return Self.key(of: [], final: octet)
        case .sequence(let parameters):
            if (0x40...0x7E).contains(octet) {
                state = .ground
                return Self.key(of: parameters, final: octet)
            }
            let isOver = octet < 0x20 || octet > 0x7E || parameters.count >= Self.sequenceLimit
            state = isOver ? .ground : .sequence(parameters + [octet])
            return nil
        case .utf8(let begun, let count):
            guard octet & 0xC0 == 0x80 else {
                // The character was cut; this octet begins something new.
                state = .ground
                return ground(octet)
            }
            let octets = begun + [octet]
            guard octets.count == count else {
                state = .utf8(octets, of: count)
                return nil
            }
            state = .ground
            return Self.character(octets)
        }
    }

    private mutating func ground(_ octet: UInt8) -> Key? {
        let followsReturn = wasReturn
        wasReturn = octet == 0x0D
        switch octet {
        case 0x0A where followsReturn: return nil
        case 0x0A, 0x0D: return .enter
        case 0x09: return .tab
        case 0x08, 0x7F: return .backspace
        case 0x1B:
            state = .escape
            return nil
        case 0x01...0x1A: return .control(Character(Unicode.Scalar(octet + 0x60)))
        case 0x00, 0x1C...0x1F: return nil
        case 0x20...0x7E: return .character(Unicode.Scalar(octet))
        case 0xC2...0xDF: state = .utf8([octet], of: 2)
        case 0xE0...0xEF: state = .utf8([octet], of: 3)
        case 0xF0...0xF4: state = .utf8([octet], of: 4)
        default: return nil
        }
        return nil
    }

    /// nil for what is no character, or one that a line cannot hold.
    private static func character(_ octets: [UInt8]) -> Key? {
        guard let text = String(validating: octets, as: UTF8.self), let scalar = text.unicodeScalars.first else {
            return nil
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: return nil
        default: return .character(scalar)
        }
    }

    /// ESC and a character: Alt and that key.
    private static func alternate(_ octet: UInt8) -> Key? {
        switch octet {
        case UInt8(ascii: "b"): .wordLeft
        case UInt8(ascii: "f"): .wordRight
        default: nil
        }
    }

    private static func key(of parameters: [UInt8], final: UInt8) -> Key? {
        let isModified = parameters.contains(UInt8(ascii: ";"))
        switch final {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        case UInt8(ascii: "C"): return isModified ? .wordRight : .right
        case UInt8(ascii: "D"): return isModified ? .wordLeft : .left
        case UInt8(ascii: "H"): return .home
        case UInt8(ascii: "F"): return .end
        case UInt8(ascii: "~"):
            switch parameters.first {
            case UInt8(ascii: "1"), UInt8(ascii: "7"): return .home
            case UInt8(ascii: "4"), UInt8(ascii: "8"): return .end
            case UInt8(ascii: "3"): return .delete
            default: return nil
            }
        default: return nil
        }
    }
}
