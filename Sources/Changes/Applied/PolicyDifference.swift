internal import Addressing
internal import Policies

/// How the policy in a file differs from the one that was applied.
struct PolicyDifference {
    /// The services, the lines of `outbound` and the sections that differ, each with a verb: `"db" changed`; empty if both mean
    /// the same.
    let parts: [String]
    /// The place of the first service or line that differs, in the file.
    let location: SourceLocation?
    /// The lists that differ, if nothing else does.
    let lists: [String]

    /// Compares the policy that was applied with the one in the file.
    init(from applied: Policy, to file: Policy) {
        let (old, new) = (applied.essence, file.essence)
        let changed = Self.lists(from: applied, to: file)
        guard old != new, changed == nil else {
            (parts, location, lists) = ([], nil, changed ?? [])
            return
        }
        let services = Self.changes(from: old.services, to: new.services, named: \.name)
        let lines = Self.changes(from: old.outbound, to: new.outbound, named: \.name)
        let isUnexplained = services.isEmpty && lines.isEmpty
        let sections = [
            ("defaults", old.defaults != new.defaults), ("sources", old.groups != new.groups && isUnexplained),
            ("deny", old.deny != new.deny), ("trusted", old.trusted != new.trusted),
            ("masquerade", old.masquerades != new.masquerades),
            (
                "sources",
                old.groups == new.groups && (old.listFiles != new.listFiles || old.names != new.names)
            ),
        ].filter(\.1).map { "\"\($0.0)\" changed" }
        parts =
            services.map { "\"\($0.name)\" \($0.verb)" } + lines.map { "outbound \"\($0.name)\" \($0.verb)" } + sections
        location =
            services.lazy.compactMap { change in file.services.first { $0.name == change.name }?.location }.first
            ?? lines.lazy.compactMap { change in file.outbound.first { $0.name == change.name }?.location }.first
        lists = []
    }

    /// The lists that differ if the other files are the same; `nil` if other files differ, too.
    private static func lists(from applied: Policy, to file: Policy) -> [String]? {
        guard applied.texts.count == file.texts.count, applied.lists == file.lists else { return nil }
        let differing = file.texts.indices.filter { applied.texts[$0] != file.texts[$0] }
        return differing.allSatisfy(file.lists.contains) ? differing.map { file.files[$0] } : nil
    }

    private static func changes<Entry: Equatable>(
        from old: [Entry], to new: [Entry], named name: (Entry) -> String
    ) -> [(name: String, verb: String)] {
        let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
        let after = Dictionary(new.map { (name($0), $0) }) { first, _ in first }
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            switch (before[name], after[name]) {
            case (nil, _?): (name, "added")
            case (_?, nil): (name, "removed")
            case (let one?, let other?): one == other ? nil : (name, "changed")
            default: nil
            }
        }
    }
}

extension Policy {
    /// The policy without places, and without what changes neither the table nor what is expected of listeners and sessions.
    fileprivate var essence: Policy {
        var copy = self
        (copy.hosts, copy.neverDeny, copy.assertions, copy.outboundAssertions, copy.acceptances) = ([], nil, [], [], [])
        (copy.files, copy.texts, copy.lists) = ([], [], [])
        copy.defaults = defaults.withoutPlaces
        copy.deny = deny?.withoutPlace
        copy.services = services.map(\.withoutPlaces)
        copy.outbound = outbound.map(\.withoutPlaces)
        copy.masquerades = masquerades.map(\.withoutPlaces)
        copy.names = names.map {
            NamedSource(name: $0.name, location: .nowhere, groups: $0.groups, keep: $0.keep, atMost: $0.atMost)
        }
        copy.listFiles = listFiles.map {
            ListFile(path: "", location: .nowhere, groups: $0.groups, bounds: $0.bounds, count: 0)
        }
        for index in copy.trusted.indices {
            copy.trusted[index].location = .nowhere
            copy.trusted[index].entry = trusted[index].entry.withoutPlaces
        }
        for index in copy.groups.indices { copy.groups[index].location = .nowhere }
        return copy
    }
}

extension SourceLocation {
    fileprivate static let nowhere = SourceLocation(file: "", line: 0, column: 0)
}

extension Defaults {
    /// The defaults without what only `check` and `grant` ask for.
    fileprivate var withoutPlaces: Defaults {
        var copy = self
        copy.require = []
        copy.grantLimit?.location = .nowhere
        copy.pingSources = pingSources?.withoutPlace
        return copy
    }
}

extension SourceList {
    fileprivate var withoutPlace: SourceList {
        var copy = self
        copy.location = .nowhere
        // The addresses have those of literal entries, which can be written in several ways.
        copy.entries = entries.filter { (try? AddressRange($0)) == nil }
        return copy
    }
}

extension AllowEntry {
    fileprivate var withoutPlaces: AllowEntry {
        AllowEntry(
            location: .nowhere, sources: sources.withoutPlace, except: except?.withoutPlace, interfaces: interfaces,
            limit: limit, connections: connections, log: log, expires: expires, why: why, owner: owner, ticket: ticket)
    }
}

extension Service {
    fileprivate var withoutPlaces: Service {
        var copy = self
        copy.location = .nowhere
        copy.destinations = destinations?.withoutPlace
        copy.entries = entries.map(\.withoutPlaces)
        for index in copy.ports.indices { copy.ports[index].location = .nowhere }
        copy.forwarding = forwarding?.withoutPlaces
        return copy
    }
}

extension Forwarding {
    fileprivate var withoutPlaces: Forwarding {
        var copy = self
        copy.location = .nowhere
        copy.hairpin = hairpin?.withoutPlace
        for index in copy.targets.indices { copy.targets[index].location = .nowhere }
        return copy
    }
}

extension OutboundLine {
    fileprivate var withoutPlaces: OutboundLine {
        var copy = OutboundLine(
            name: name, location: .nowhere, ports: ports, to: destinations.withoutPlace, except: except?.withoutPlace)
        for index in copy.ports.indices { copy.ports[index].location = .nowhere }
        (copy.interfaces, copy.users, copy.limit, copy.log, copy.expires) = (interfaces, users, limit, log, expires)
        (copy.client, copy.why, copy.owner, copy.ticket) = (client, why, owner, ticket)
        return copy
    }
}

extension Masquerade {
    fileprivate var withoutPlaces: Masquerade {
        var copy = self
        copy.location = .nowhere
        (copy.sources, copy.except) = (sources.withoutPlace, except?.withoutPlace)
        return copy
    }
}
