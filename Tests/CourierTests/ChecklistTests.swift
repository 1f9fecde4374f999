import Testing

@Suite struct ChecklistTests {
    /// Whether `Target/Suite.test` stands in the sources as a test.
    private static func exists(_ name: String, in files: inout [String: String]) -> Bool {
        let parts = name.split(separator: ".")
        guard parts.count == 2, let suite = parts[0].split(separator: "/").last else { return false }
        let path = "\(Gateway.root)/Tests/\(parts[0]).swift"
        guard let text = files[path] ?? TemporaryFolder.read(path) else { return false }
        files[path] = text
        guard text.contains("struct \(suite) {"), let place = text.firstRange(of: "func \(parts[1])(") else {
            return false
        }
        // Between the name of the function before it and its own, an attribute makes it a test.
        let before = text[..<place.lowerBound]
        let start = before.ranges(of: "func ").last?.upperBound ?? before.startIndex
        return before[start...].contains("@Test")
    }

    @Test func everyLineNamesTestsThatStandInTheSources() {
        var files: [String: String] = [:]
        for line in Checklist.lines {
            for test in line.tests {
                #expect(Self.exists(test, in: &files), "\(line.says): \(test)")
            }
            #expect(!line.tests.isEmpty || line.daemon != nil, "\(line.says): nothing shows it")
            #expect(Set(line.tests).count == line.tests.count, "\(line.says)")
        }
        #expect(Set(Checklist.lines.map(\.says)).count == Checklist.lines.count)
    }

    @Test func aNameThatDoesNotStandThereIsFound() {
        var files: [String: String] = [:]
        #expect(Self.exists("CourierTests/ChecklistTests.aNameThatDoesNotStandThereIsFound", in: &files))
        for name in [
            "CourierTests/ChecklistTests.exists", "CourierTests/ChecklistTests.noSuchTest", "CourierTests/NoSuite.x",
            "CourierTests/Gateway.run", "nothing",
        ] {
            #expect(!Self.exists(name, in: &files), "\(name)")
        }
    }
}
