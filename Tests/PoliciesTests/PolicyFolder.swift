import Foundation
import Policies
import System
import Testing

/// A temporary folder for one test; in its files ⟨ and ⟩ enclose the span that a diagnostic must mark.
final class PolicyFolder {
    let path: String
    private var texts: [String: String] = [:]

    init(_ files: [String: String] = [:]) throws {
        path = NSTemporaryDirectory() + "policies-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        texts[name] = text
        try write(bytes: Array(text.filter { $0 != "⟨" && $0 != "⟩" }.utf8), to: name)
    }

    func write(bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func read(_ name: String = "policy.yaml", checksOwnership: Bool = false, now: Int64? = nil) -> PolicyReading {
        let options = ReadingOptions(
            checksOwnership: checksOwnership, servicesDatabase: path + "/services",
            protocolsDatabase: path + "/protocols",
            now: now)
        return PolicyReader.read(path: path + "/" + name, options: options, files: TrustedFiles())
    }

    /// The rendered diagnostics, with paths relative to the folder.
    func rendered(_ reading: PolicyReading) -> [String] {
        reading.diagnostics.map { $0.rendered(color: false).replacingOccurrences(of: path + "/", with: "") }
    }

    /// The rendered diagnostic that is expected at mark number `mark`, from 0, of the file `name`.
    func expected(_ message: String, severity: Diagnostic.Severity, in name: String, mark: Int) throws -> String {
        let lines = try #require(texts[name]).split(separator: "\n", omittingEmptySubsequences: false)
        var seen = 0
        for (index, line) in lines.enumerated() {
            let parts = line.split(separator: "⟨", omittingEmptySubsequences: false)
            guard parts.count > 1 else { continue }
            guard parts.count == 2 else { throw MarkError.twoOnOneLine(String(line)) }
            defer { seen += 1 }
            guard seen == mark else { continue }
            let rest = parts[1].split(separator: "⟩", maxSplits: 1, omittingEmptySubsequences: false)
            let tildes = String(repeating: "~", count: max(0, rest[0].count - 1))
            let place = "\(name):\(index + 1):\(parts[0].unicodeScalars.count + 1): \(severity): \(message)"
            let text = parts[0] + rest[0] + (rest.count > 1 ? rest[1] : "")
            return place + "\n" + text + "\n" + String(repeating: " ", count: parts[0].count) + "^" + tildes
        }
        throw MarkError.missing(mark)
    }

    enum MarkError: Error { case twoOnOneLine(String), missing(Int) }
}

/// Expects exactly these errors for the policy `text`, one at each mark.
func expectErrors(
    _ text: String, _ messages: [String], severity: Diagnostic.Severity = .error, with files: [String: String] = [:],
    isValid: Bool? = nil, databases: [String] = ["services", "protocols"], now: Int64? = nil,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws {
    let folder = try PolicyFolder(files)
    try folder.write(text, to: "policy.yaml")
    let contents = ["services": servicesDatabase, "protocols": protocolsDatabase]
    for name in databases where files[name] == nil { try folder.write(contents[name] ?? "", to: name) }
    let reading = folder.read(now: now)
    #expect((reading.policy == nil) == !(isValid ?? (severity != .error)), sourceLocation: sourceLocation)
    let expected = try messages.indices.map {
        try folder.expected(messages[$0], severity: severity, in: "policy.yaml", mark: $0)
    }
    let relevant = reading.diagnostics.filter { $0.severity == severity }
    let actual = folder.rendered(PolicyReading(policy: nil, diagnostics: relevant))
    #expect(actual == expected, "\(actual.joined(separator: "\n"))", sourceLocation: sourceLocation)
}

let servicesDatabase = """
    # name  port/protocol  aliases
    ssh     22/tcp         secure-shell  # comment
    domain  53/tcp
    domain  53/udp
    http    80/tcp         www
    ntp     123/udp
    odd
    bad     99999/tcp
    """

let protocolsDatabase = """
    # name  number  aliases
    icmp    1       ICMP
    igmp    2       IGMP
    tcp     6       TCP
    gre     47      GRE
    esp     50      IPSEC-ESP   # comment
    odd
    ah      51      IPSEC-AH
    ipv6-route 43   IPv6-Route
    vrrp    112     VRRP
    """

/// A policy with one service that has these lines after `ports` and `from`.
func service(_ lines: String) -> String {
    "version: 1\nservices:\n  ssh:\n    ports: 22/tcp\n    from: any\n    why: test\n    " + lines + "\n"
}
