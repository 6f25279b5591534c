internal import Addressing
internal import Changes
internal import Policies
internal import Printing

/// A DNS name that has an address.
struct NameSight {
    private let source: NamedSource
    /// When it was last seen, in seconds since 1970-01-01T00:00:00Z; `nil` if that is not known.
    private let time: Int64?

    init(_ source: NamedSource, _ time: Int64?) { (self.source, self.time) = (source, time) }

    /// A sentence about the address.
    func text(of address: IPAddress) -> String {
        let groups = source.groups.map { "\"\($0)\"" }.joined(separator: ", ")
        let seen = time.map { ", last seen \(UTCTime.text($0))" } ?? ""
        return "\(address) is an address of \(source.name) (\(groups))\(seen)"
    }

    /// The name for programs.
    var json: JSON {
        [
            "name": .string(source.name), "groups": .array(source.groups.map(JSON.string)),
            "seen": JSON(time.map(UTCTime.text)),
        ]
    }
}

extension NameBook {
    /// At most this many addresses of a name are listed; the rest are counted.
    private static var shown: Int { 4 }

    /// One line for each name of a policy, with its addresses.
    func lines(of policy: Policy) -> [String] {
        policy.names.map { source in
            let addresses = source.list
            let texts = addresses.prefix(Self.shown).map { address in
                let seen = entries[source.name]?.seen[address].map { " (seen \(UTCTime.text($0)))" }
                return "\(address)\(seen ?? "")"
            }
            let all = texts.listed(atMost: Self.shown, of: addresses.count)
            return "name: \(source.name) of \(source.groups.joined(separator: ", ")): "
                + (addresses.isEmpty ? "no address is known" : all)
        }
    }

    /// The names of a policy for programs.
    func json(of policy: Policy) -> JSON {
        .array(
            policy.names.map { source in
                let entry = entries[source.name]
                let addresses = source.list.map { address -> JSON in
                    ["address": .string("\(address)"), "seen": JSON(entry?.seen[address].map(UTCTime.text))]
                }
                return [
                    "name": .string(source.name), "groups": .array(source.groups.map(JSON.string)),
                    "addresses": .array(addresses), "renewed": JSON(entry?.renewed.map(UTCTime.text)),
                    "failure": JSON(entry?.failure),
                ]
            })
    }
}

extension Policy {
    /// One line for each name without a known address: the plan may let in more than it shows.
    var unknownNameLines: [String] {
        names.filter(\.isUnknown).map { source in
            let users =
                (services.filter { $0.names.contains(source.name) }.map(\.name)
                + trusted.filter { $0.entry.sources.names.contains(source.name) }.map(\.name))
                .map { "\"\($0)\"" }
            let use = users.isEmpty ? "" : ", which \(users.joined(separator: ", ")) may let in"
            return "unknown: no address of \(source.name) is known\(use): \"portreeve apply\" looks it up first"
        }
    }
}
