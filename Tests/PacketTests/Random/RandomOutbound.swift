import Addressing
import Foundation
import TestSupport

/// Policies with lines of `outbound`, and what they mean by portreeve-policy(5) alone.
struct RandomOutbound {
    /// A line.
    struct Line {
        let ports: [(kind: TransportProtocol, range: ClosedRange<UInt16>)]
        let to: [String]
        let except: [String]
        let interfaces: [String]
        let users: [UInt32]
        let expires: Int64?
    }

    /// A policy that rejects what no line lets out.
    struct Meaning {
        let lines: [Line]
        let deny: [String]
        let neverDeny: [String]
    }

    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let addresses = [
        "192.0.2.0/24", "192.0.2.0/29", "192.0.2.8-192.0.2.53", "192.0.2.1", "192.0.2.54", "198.51.100.0/24",
        "198.51.100.8/29",
        "203.0.113.0/25", "0.0.0.0/1", "2001:db8::/32", "2001:db8::53", "2001:db8:7::/48", "2001:db9::/32",
        "2001:db8::-2001:db8::53",
    ]
    private static let interfaces = ["eth0", "wg7", "wg*", "eth*", "eth9", "w*"]
    private static let starts: [UInt16] = [1, 25, 26, 53, 54, 80, 100, 123, 443, 444, 5432, 9000, 9050]

    /// The next policy; expiries are around `now`, in seconds since 1970.
    mutating func next(now: Int64) -> Meaning {
        let lines = (0..<generator.pick([1, 3, 6])).map { _ in line(now) }
        let deny = generator.flips(0.3) ? some(Self.addresses, [1, 2]) : []
        return Meaning(
            lines: lines, deny: deny, neverDeny: deny.isEmpty || generator.flips(0.5) ? [] : some(Self.addresses, [1]))
    }

    private mutating func line(_ now: Int64) -> Line {
        let ports = (0..<generator.pick([1, 2, 4])).map { _ -> (TransportProtocol, ClosedRange<UInt16>) in
            let start = generator.pick(Self.starts)
            let end = generator.flips(0.6) ? start : max(start, generator.pick(Self.starts))
            return (generator.pick([.tcp, .udp]), start...end)
        }
        return Line(
            ports: ports, to: generator.flips(0.4) ? ["any"] : some(Self.addresses, [1, 2, 4]),
            except: generator.flips(0.3) ? some(Self.addresses, [1, 2]) : [],
            interfaces: generator.flips(0.3) ? some(Self.interfaces, [1, 2]) : [],
            users: generator.flips(0.4)
                ? Array(Set((0..<2).map { _ in generator.pick([0, 8, 33, 42, 65_000] as [UInt32]) })) : [],
            expires: generator.flips(0.2) ? generator.pick([now - 3_600, now + 3_600, now + 86_400]) : nil)
    }

    private mutating func some(_ values: [String], _ counts: [Int]) -> [String] {
        Set((0..<generator.pick(counts)).map { _ in generator.pick(values) }).sorted()
    }
}

extension RandomOutbound.Meaning {
    /// The text of the policy.
    var text: String {
        func list(_ values: [String]) -> String { "[\(values.map { "\"\($0)\"" }.joined(separator: ", "))]" }
        var text = "version: 1\ndefaults: {outbound: reject}\nservices: {}\n"
        if !deny.isEmpty { text += "deny: \(list(deny))\n" }
        if !neverDeny.isEmpty { text += "never-deny: \(list(neverDeny))\n" }
        text += "outbound:\n"
        for (number, line) in lines.enumerated() {
            let ports = line.ports.map { "\($0.range.lowerBound)-\($0.range.upperBound)/\($0.kind)" }
            var parts = ["ports: \(list(ports))", "to: \(list(line.to))", "why: x"]
            if !line.except.isEmpty { parts.append("except: \(list(line.except))") }
            if !line.interfaces.isEmpty { parts.append("interfaces: \(list(line.interfaces))") }
            if !line.users.isEmpty { parts.append("user: [\(line.users.map { "\($0)" }.joined(separator: ", "))]") }
            if let expires = line.expires {
                parts.append("expires: \(Date(timeIntervalSince1970: TimeInterval(expires)).ISO8601Format())")
            }
            text += "  line-\(number): {\(parts.joined(separator: ", "))}\n"
        }
        return text
    }

    /// Whether the policy lets an attempt out.
    func letsOut(_ attempt: Attempt, at now: Int64) throws -> Bool {
        let address = try IPAddress(attempt.destination)
        if contains(deny, address) && !contains(neverDeny, address) { return false }
        return lines.contains { line in
            line.ports.contains { $0.kind == attempt.kind && $0.range.contains(attempt.port) }
                && contains(line.to, address) && !contains(line.except, address)
                && (line.interfaces.isEmpty || line.interfaces.contains { covers($0, attempt.interface) })
                && (line.users.isEmpty || line.users.contains(attempt.user))
                && line.expires.map { now < $0 } ?? true
        }
    }

    private func covers(_ pattern: String, _ interface: String) -> Bool {
        pattern.hasSuffix("*") ? interface.hasPrefix(pattern.dropLast()) : pattern == interface
    }

    private func contains(_ entries: [String], _ address: IPAddress) -> Bool {
        entries.contains { entry in
            if entry == "any" { return true }
            switch (try? AddressRange(entry), address) {
            case (.ipv4(let range)?, .ipv4(let value)): return range.contains(value)
            case (.ipv6(let range)?, .ipv6(let value)): return range.contains(value)
            default: return false
            }
        }
    }
}
