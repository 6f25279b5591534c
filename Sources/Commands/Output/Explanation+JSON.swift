internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Printing
internal import Reachability
internal import Rulesets

extension Explanation {
    /// The explanation for programs.
    func json(grant: String?, names: [NameSight] = [], edit: Edit? = nil, today: Explanation? = nil) -> JSON {
        let place: JSON = place.map { ["file": .string($0.file), "line": .number($0.line)] } ?? .null
        return [
            "format_version": 1, "verdict": .string(verdict.rawValue), "reason": .string(reason(grant: grant)),
            "asked": .string(isLive ? "kernel" : "policy"), "service": JSON(service?.name), "policy": place,
            "section": JSON(service?.section.rawValue), "list": listPlace?.json ?? .null,
            "forwarded": .array(forwarding == nil ? [] : targets.map { .string($0.description) }),
            "obstacle": JSON(hindrance?.text(for: question.source.family)), "limited": .bool(conclusion.isLimited),
            "redirected": JSON(conclusion.redirection.map { "\($0)" }),
            "trusted": JSON(trusted?.name),
            "entries": .array(service?.listsEntries == true ? entries.map(Self.json) : []),
            "change": JSON(nearestChange(given: edit)), "trace": .array(conclusion.trace.map(\.json)),
            "interface": JSON(question.interface ?? question.returnInterface),
            "addresses": .array(openAddresses.map { .string($0.description) }),
            "listeners": listeners.map { .array($0.map(\.json)) } ?? .null, "container": container?.json ?? .null,
            "names": .array(names.map(\.json)), "edited": JSON(edit?.text),
            "after_apply": edit?.after?.shortJSON ?? .null, "today": today?.shortJSON ?? .null,
        ]
    }

    /// The verdict and the reason for programs.
    private var shortJSON: JSON { ["verdict": .string(verdict.rawValue), "reason": .string(reason())] }

    /// An entry of `allow` for programs.
    private static func json(_ entry: AllowEntry, _ mismatch: Mismatch?) -> JSON {
        ["policy": entry.location.json, "matches": .bool(mismatch == nil), "reason": JSON(mismatch?.text)]
    }
}

extension PacketConclusion.Step {
    /// The step for programs.
    var json: JSON {
        [
            "table": .string(place.table.description), "chain": .string(place.chain),
            "rule": JSON(place.rule?.text(in: place.table.family)),
            "action": .string(action),
        ]
    }
}

extension Listener {
    /// The listener of the port for programs.
    fileprivate var json: JSON {
        let processes: [SocketProcess] = if case .processes(let list) = owners { list } else { [] }
        return [
            "address": .string(address.description), "port": .number(Int(port)),
            "loopback_only": .bool(isLoopbackOnly), "processes": .array(processes.map(\.json)),
        ]
    }
}
