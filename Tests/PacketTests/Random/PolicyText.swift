import Addressing
import Foundation
import Policies

extension Policy {
    /// A file with the content of the policy.
    var text: String {
        var lines = ["version: 1", "defaults: \(defaults.text)"]
        if let deny { lines.append("deny: \(deny.text)") }
        if let neverDeny { lines.append("never-deny: \(neverDeny.text)") }
        lines += ["sources:"] + groups.map { "  \($0.name): [\($0.addresses.text)]" }
        if !trusted.isEmpty { lines += ["trusted:"] + trusted.map { "  \($0.name): {\($0.entry.text)}" } }
        let (plain, forwards) = (services.filter { $0.forwarding == nil }, services.filter { $0.forwarding != nil })
        lines += [plain.isEmpty ? "services: {}" : "services:"] + plain.map { "  \($0.name): {\($0.text)}" }
        if !forwards.isEmpty { lines += ["forward:"] + forwards.map { "  \($0.name): {\($0.text)}" } }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Defaults {
    fileprivate var text: String {
        let ping =
            switch (ping, pingSources) {
            case (.accept, nil): "accept"
            case (.drop, _): "drop"
            case (.limited(let rate), nil): "\(rate)"
            case (.accept, let sources?): "{from: \(sources.text)}"
            case (.limited(let rate), let sources?): "{from: \(sources.text), rate: \(rate)}"
            }
        let families = families.map(\.rawValue).sorted().joined(separator: ", ")
        return
            "{families: [\(families)], inbound: \(inbound), log: \(log.map { "\($0)" } ?? "off"), ping: \(ping), published: \(published)}"
    }
}

extension SourceList {
    fileprivate var text: String {
        entries == [SourceList.nobody] ? SourceList.nobody : "[\(entries.map { "'\($0)'" }.joined(separator: ", "))]"
    }
}

extension AddressSet {
    fileprivate var text: String {
        let ranges = ipv4.ranges.map(AddressRange.ipv4) + ipv6.ranges.map(AddressRange.ipv6)
        return ranges.map { "'\($0)'" }.joined(separator: ", ")
    }
}

extension Service {
    fileprivate var text: String {
        let list = "allow: [\(entries.map { "{\($0.text)}" }.joined(separator: ", "))]"
        let (some, whole) = (ports.filter(\.transport.hasPorts), ports.filter { !$0.transport.hasPorts })
        var parts: [String] = []
        if !some.isEmpty { parts.append("ports: [\(some.map(\.text).joined(separator: ", "))]") }
        if !whole.isEmpty {
            parts.append("protocols: [\(whole.map { "\($0.transport.rawValue)" }.joined(separator: ", "))]")
        }
        if let forwarding { parts.append("to: [\(forwarding.targets.map { "'\($0)'" }.joined(separator: ", "))]") }
        if let destinations { parts.append("addresses: \(destinations.text)") }
        parts += listsEntries ? [list] : entries.map(\.text)
        if let why { parts.append("why: \(why)") }
        return parts.joined(separator: ", ")
    }
}

extension AllowEntry {
    /// The keys with their values.
    fileprivate var text: String {
        var parts = ["from: \(sources.text)", "log: \(log)"]
        if let limit {
            parts.append(
                "limit: {rate: \(limit.rate), burst: \(limit.burst), per: \(limit.isShared ? "all" : "source")}")
        }
        if let connections { parts.append("connections: \(connections)") }
        if let except { parts.append("except: \(except.text)") }
        if !interfaces.isEmpty { parts.append("interfaces: [\(interfaces.map { "'\($0)'" }.joined(separator: ", "))]") }
        if let expires {
            parts.append("expires: \(Date(timeIntervalSince1970: TimeInterval(expires.end)).ISO8601Format())")
        }
        return parts.joined(separator: ", ")
    }
}

extension ServicePort {
    fileprivate var text: String {
        range.count == 1 ? "\(range.lowerBound)/\(transport)" : "\(range.lowerBound)-\(range.upperBound)/\(transport)"
    }
}
