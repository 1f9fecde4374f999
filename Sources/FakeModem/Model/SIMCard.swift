import Credentials

/// The card: its lock, and the tries that are left. Three wrong PINs block it, ten wrong PUKs end it.
struct SIMCard {
    enum State: Equatable {
        case absent
        case busy
        case locked
        case blocked
        case ready
    }

    private(set) var state: State
    private(set) var pinTries = 3
    private(set) var pukTries = 10
    /// The card's files are not readable yet: some commands still answer "SIM busy".
    var isSettling = false
    /// Whether it asks for its PIN at a reset.
    private(set) var asksPIN = false
    private var pin = Secret("")
    private var puk = Secret("12345678")

    init(_ condition: SIMCondition) {
        state = .ready
        become(condition)
    }

    mutating func become(_ condition: SIMCondition) {
        switch condition {
        case .absent: state = .absent
        case .ready: state = .ready
        case .busy: state = .busy
        case .locked(let code):
            pin = code
            asksPIN = true
            state = .locked
        case .blocked(let code):
            puk = code
            asksPIN = true
            pinTries = 0
            state = .blocked
        }
    }

    /// What a reset makes of it.
    mutating func restart() {
        switch state {
        case .absent, .blocked: break
        case .busy, .locked, .ready: state = asksPIN ? (pinTries > 0 ? .locked : .blocked) : .ready
        }
    }

    /// Why the card cannot be used now; nil when it can.
    var refusal: Refusal? {
        switch state {
        case .absent: .cme(10)
        case .busy: .cme(14)
        case .locked: .cme(11)
        case .blocked: .cme(12)
        case .ready: nil
        }
    }

    /// Why nothing of the card can be read now, not even what needs no code; nil when it can.
    var unreadable: Refusal? {
        switch state {
        case .absent, .busy: refusal
        case .locked, .blocked, .ready: nil
        }
    }

    /// Whether the PIN was right; a wrong one costs a try.
    mutating func enter(pin code: String) -> Bool {
        guard Secret(code) == pin else {
            pinTries -= 1
            if pinTries <= 0 { state = .blocked }
            return false
        }
        pinTries = 3
        state = .ready
        return true
    }

    mutating func enter(puk code: String, newPIN: String) -> Bool {
        guard pukTries > 0, Secret(code) == puk else {
            pukTries = max(0, pukTries - 1)
            return false
        }
        pin = Secret(newPIN)
        pinTries = 3
        pukTries = 10
        state = .ready
        return true
    }
}
