extension Profile {
    /// SIMCom SIM800L, GPRS class 12, firmware 1418B05SIM800L24; dialect `+CIP*`.
    ///
    /// Echo on, `+CMEE=0`, DTR takes the line to command mode (`&D1`); contexts are IPv4 alone, and none is active without
    /// `+CIICR`; of the registrations `+CREG` and `+CGREG`.
    public static let simcomSIM800 = Profile(
        name: "simcom-sim800", manufacturer: "SIMCOM_Ltd", model: "SIMCOM_SIM800L",
        revision: "Revision:1418B05SIM800L24", identification: ["SIM800 R14.18"], imei: "869951030012345",
        imsi: "001010123456789", iccid: "8988211000000123459f",
        boot: [[.text("RDY")], [.text("+CFUN: 1"), .sim], [.text("Call Ready"), .text("SMS Ready")]],
        settled: ["Call Ready", "SMS Ready"],
        chatter: [
            "*PSUTTZ: 2026,1,15,12,0,0,\"+4\",0", "DST: 0", "+CIEV: 10,\"00101\",\"Modemail\",\"Modemail\", 0, 0",
            "+CREG: 1,\"1A2B\",\"01C3\"", "+CTZV: +4,0", "SMS Ready",
        ],
        halfLine: "+CIPRXGET: 1", technology: nil, pdpTypes: ["IP"], hasDefaultBearer: false,
        lacks: ["+CEREG", "+CESQ", "+CGAUTH", "+CPINR", "+CGCONTRDP", "+CGEREP", "+CTZR"],
        connectText: nil, settings: simcomSettings, stack: SIMComStack.self)

    private static let simcomSettings: Settings = {
        var settings = Settings()
        settings.dataTerminalReady = 1
        return settings
    }()
}
