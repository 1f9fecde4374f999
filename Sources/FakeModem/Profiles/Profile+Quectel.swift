extension Profile {
    /// Quectel EC25-E, LTE Cat 4, firmware EC25EFAR06A06M4G; dialect `+QI*`.
    public static let quectelEC25 = Profile(
        name: "quectel-ec25", manufacturer: "Quectel", model: "EC25", revision: "EC25EFAR06A06M4G",
        identification: ["Quectel", "EC25", "Revision: EC25EFAR06A06M4G"], imei: "861641040012345",
        imsi: "001010123456789", iccid: "8988211000000123459",
        boot: [
            [.text("RDY")], [.text("+CFUN: 1"), .sim],
            [.text("+QUSIM: 1"), .text("+QIND: SMS DONE"), .text("+QIND: PB DONE")],
        ],
        settled: ["+QIND: SMS DONE", "+QIND: PB DONE"],
        chatter: [
            "+QIND: \"csq\",17,99", "+CTZV: +04", "+QIND: \"act\",\"LTE\"", "+CGEV: ME PDN ACT 1",
            "+CREG: 1,\"1A2B\",\"01C3D4E5\",7", "+QUSIM: 1",
        ],
        halfLine: "+QIURC: \"re", technology: 7, pdpTypes: ["IP", "IPV6", "IPV4V6"], hasDefaultBearer: true, lacks: [],
        connectText: "150000000", settings: Settings(),
        stack: QuectelStack.self)
}
