/// The dialects by their names.
public enum Dialects {
    /// As `--dialect` takes them.
    public static let names = ["quectel", "quectel/push", "quectel/transparent", "wip", "wip/transparent"]

    public static func named(_ name: String) -> (any Dialect)? {
        switch name {
        case "quectel": Quectel(mode: .buffer)
        case "quectel/push": Quectel(mode: .push)
        case "quectel/transparent": Quectel(mode: .transparent)
        case "wip": WIPsoft(mode: .continuous)
        case "wip/transparent": WIPsoft(mode: .transparent)
        default: nil
        }
    }
}
