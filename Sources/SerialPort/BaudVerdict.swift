/// What a driver made of the rate that it was asked for.
enum BaudVerdict: Equatable {
    case set
    /// It keeps what it had: drivers of USB modems (`option`) have no rate and show the old one.
    case ignored
    /// It chose another, at which the two ends do not understand each other.
    case other

    /// An asynchronous receiver tolerates 2.5 % between the two ends.
    init(asked: UInt32, found: UInt32, actual: UInt32) {
        let deviation = abs(Int64(actual) - Int64(asked))
        if deviation * 40 <= Int64(asked) {
            self = .set
        } else {
            self = actual == found ? .ignored : .other
        }
    }
}
