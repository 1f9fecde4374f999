extension Profile {
    /// Sierra Wireless Q2687, GPRS class 10, an Open AT module with the WIP plug-in; dialect `+WIP*`. It is older than
    /// `+CEREG`, `+CGAUTH`, `+CPINR` and `IPV4V6`.
    ///
    /// `+WIND` by the AT Commands Interface Guide, "General Indications": 3 the product has started, 1 a SIM is there,
    /// 7 emergency calls are possible, 4 every command is.
    public static let sierraWIP = Profile(
        name: "sierra-wip", manufacturer: "Sierra Wireless", model: "Q2687", revision: "R7.47.0.201202010317.Q2687H",
        identification: ["Sierra Wireless", "MULTIBAND  900E  1800"], imei: "354830010012345",
        imsi: "001010123456789", iccid: "8933201012345678901",
        boot: [
            [.text("+WIND: 3")], [.text("+WIND: 1"), .text("+WIND: 7")], [.whenReady("+WIND: 4")],
        ],
        settled: ["+WIND: 4"], chatter: ["+WIND: 7", "+CREG: 1,\"1A2B\",\"01C3\"", "+CGREG: 1", "+WIND: 10,\"SM\",1"],
        halfLine: "+WIPDA", technology: nil, pdpTypes: ["IP"], hasDefaultBearer: false,
        lacks: ["+CEREG", "+CGAUTH", "+CPINR", "+CESQ", "+CGCONTRDP"], connectText: nil, settings: Settings(),
        stack: WIPStack.self)
}
