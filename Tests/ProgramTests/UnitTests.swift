import Foundation
import TestSupport
import Testing

/// The shipped systemd units, with an existing program in place of portreeve.
@Suite("systemd units", .privileged)
struct UnitTests {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../system").standardized

    private func installed() throws -> (portreeve: Portreeve, units: [String]) {
        let portreeve = try Portreeve()
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
            .filter { $0.hasSuffix(".service") || $0.hasSuffix(".timer") }
        let units = try names.map { name in
            let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            let programs = ["/usr/local/bin/portreeve", "/usr/local/libexec/portreeve-floor"]
            return try portreeve.write(
                programs.reduce(text) { $0.replacing($1, with: "/bin/true") }, to: name)
        }
        return (portreeve, units)
    }

    @Test("systemd-analyze accepts them")
    func verify() throws {
        let (portreeve, units) = try installed()
        defer { withExtendedLifetime(portreeve) {} }
        #expect(units.count == 8)
        let result = try Program.run(["systemd-analyze", "verify", "--man=no"] + units)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    @Test(
        "The units that run at boot have a low exposure level",
        arguments: ["portreeve.service", "portreeve-floor.service", "portreeve-restore.service"])
    func exposure(_ unit: String) throws {
        let (portreeve, units) = try installed()
        defer { withExtendedLifetime(portreeve) {} }
        let path = try #require(units.first { $0.hasSuffix("/\(unit)") })
        // The threshold is in tenths. ReadOnlyPaths=, which does not count, stands for three settings that do.
        let result = try Program.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", path])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("Overall exposure level for \(unit)"))
    }

    @Test("They run valid command lines of portreeve")
    func commandLines() throws {
        for unit in [
            "portreeve.service", "portreeve-restore.service", "portreeve-verify.service", "portreeve-watch.service",
        ] {
            let text = try String(contentsOf: Self.folder.appending(path: unit), encoding: .utf8)
            let line = try #require(text.firstMatch(of: #/ExecStart=\S+ (.*)/#)?.1)
            let words = line.split(separator: " ").map(String.init)
            let result = try Program.run([try Portreeve.executable] + words + ["--help"])
            #expect(result.status == 0 && result.output.contains("USAGE: portreeve \(words[0])"))
        }
    }
}
