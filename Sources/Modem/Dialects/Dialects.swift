/// The dialects by their names.
public enum Dialects {
    /// As `--dialect` takes them.
    public static let names = [
        "quectel", "quectel/push", "quectel/transparent", "simcom", "simcom/send-ok", "simcom/push",
        "simcom/transparent", "wip", "wip/transparent",
    ]

    public static func named(_ name: String) -> (any Dialect)? {
        switch name {
        case "quectel", "quectel/buffer": Quectel(mode: .buffer)
        case "quectel/push": Quectel(mode: .push)
        case "quectel/transparent": Quectel(mode: .transparent)
        case "wip": WIPsoft(mode: .continuous)
        case "wip/transparent": WIPsoft(mode: .transparent)
        case "simcom", "simcom/buffer": SIMCom(mode: .buffer)
        case "simcom/send-ok": SIMCom(mode: .sendOK)
        case "simcom/push": SIMCom(mode: .push)
        case "simcom/transparent": SIMCom(mode: .transparent)
        default: nil
        }
    }
}
