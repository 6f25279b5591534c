import Addressing
import Foundation
import Policies

extension Policy {
    /// A file with the content of the policy.
    var text: String {
        var lines = ["version: 1", "defaults: \(defaults.text)"]
        if let deny { lines.append("deny: \(deny.text)") }
        lines += ["sources:"] + groups.map { "  \($0.name): [\($0.addresses.text)]" }
        if !trusted.isEmpty { lines += ["trusted:"] + trusted.map { "  \($0.name): {\($0.entry.text)}" } }
        lines += ["services:"] + services.map { "  \($0.name): {\($0.text)}" }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Defaults {
    fileprivate var text: String {
        let ping =
            switch ping {
            case .accept: "accept"
            case .drop: "drop"
            case .limited(let rate): "\(rate)"
            }
        let families = families.map(\.rawValue).sorted().joined(separator: ", ")
        return
            "{families: [\(families)], inbound: \(inbound), log: \(log.map { "\($0)" } ?? "off"), ping: \(ping), published: \(published)}"
    }
}

extension SourceList {
    fileprivate var text: String { "[\(entries.map { "'\($0)'" }.joined(separator: ", "))]" }
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
        var parts = ["ports: [\(ports.map(\.text).joined(separator: ", "))]"]
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
