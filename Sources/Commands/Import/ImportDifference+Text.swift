internal import Addressing
internal import Changes
internal import Importing
internal import Printing
internal import Reachability
internal import Rulesets

extension ImportDifference.Subject {
    /// The name for programs.
    fileprivate var text: String {
        switch self {
        case .access: "access"
        case .target: "target"
        case .elsewhere: "elsewhere"
        case .masquerade: "masquerade"
        case .outbound: "outbound"
        case .replies: "replies"
        }
    }
}

extension ImportDifference.TargetPlace {
    /// The place in a few words.
    fileprivate var text: String {
        switch self {
        case .here: "this host itself"
        case .there(let place): place
        case .unknown: "an unknown destination"
        }
    }
}

extension ImportDifference {
    /// The sign of a line.
    var sign: String { [.wider: "+", .narrower: "-", .unknown: "?"][kind] ?? "?" }

    /// The ports, the protocol first.
    var portText: String {
        guard let transport else { return "protocols that no rule names" }
        if isEchoRequest { return "ping" }
        if isDiscovery { return "neighbour discovery" }
        return transport.hasPorts && ports == 0...UInt16.max ? transport.name : transport.text(ports)
    }

    private var isEchoRequest: Bool {
        transport == EchoRequest.transport(family) && ports.lowerBound == EchoRequest.port(family)
    }

    /// The addresses of this host, if it is not about all of them.
    private var addressText: String {
        let addresses = destinations.compactMap(\.addresses).reduce(AddressSet()) { $0.union($1) }
        return addresses.isEmpty ? "" : " at \(addresses.text)"
    }

    private var interfaceNames: [String] { interfaces.map { $0 ?? "others" } }

    /// The cause in a few words.
    var reason: String {
        if let limit {
            let text = "\"\(limit)\"".printable
            return kind == .narrower
                ? "only the policy limits it, not \(text)" : "the policy cannot express the limit of \(text)"
        }
        switch subject {
        case .access: break
        case .target(let old, let new):
            let cause = rule.map { " by \"\($0)\"".printable } ?? ""
            let other = new == .unknown ? "elsewhere" : "to \(new.text)"
            return "it goes to \(old.text)\(cause), but \(other) under the policy"
        case .elsewhere:
            return
                "\(rule.map { "\"\($0)\"".printable } ?? "a rule") also translates what is dialled at addresses of other hosts"
        case .outbound: return outboundReason
        case .replies:
            return
                "\(rule.map { "\"\($0)\"".printable } ?? "a rule") refuses the replies of this host, and portreeve lets them out"
        case .masquerade:
            return switch kind {
            case .wider: "only the policy masquerades it"
            case .narrower: "only the live rulesets masquerade it"
            case .unknown: "it is not known whether \(rule.map { "\"\($0)\"".printable } ?? "a rule") masquerades it"
            }
        }
        if isNeeded { return "every host needs it, and portreeve lets it in" }
        let name = rule.map { "\"\($0)\"".printable } ?? "a rule"
        return switch kind {
        case .wider: "\(name) refuses it"
        case .narrower where sourcePorts != nil: "\(name) lets it in, but a policy cannot match source ports"
        case .narrower: "\(name) lets it in, but the policy does not"
        case .unknown: "it is not known what \(name) does with it"
        }
    }

    /// The cause of a difference in the connections of this host.
    private var outboundReason: String {
        let name = rule.map { "\"\($0)\"".printable } ?? "a rule"
        return switch kind {
        case .wider where isNeeded: "every host needs it, and portreeve lets it out"
        case .wider: "\(name) refuses it"
        case .narrower where sourcePorts != nil: "\(name) lets it out, but a policy cannot match source ports"
        case .narrower where rule == nil: "no rule refuses it, but the policy does not let it out"
        case .narrower: "\(name) lets it out, but the policy does not"
        case .unknown: "it is not known what \(name) does with it"
        }
    }

    /// The difference without its cause, for one that every host needs.
    var neededText: String {
        if isDiscovery {
            return
                "neighbour discovery, which is dropped today, so that no new host on the link reaches this one over IPv6"
        }
        let sourcePort = sourcePorts.map { ", source port \($0.text)" } ?? ""
        if case .outbound = subject { return "\(portText) to \(sources.isAny ? "any" : sources.text)\(sourcePort)" }
        return "\(portText)\(group.map { " to \($0)" } ?? "") from \(sources.clientsText)\(sourcePort)"
    }

    /// The difference in a line, with these ports instead of its own.
    func text(ports portText: String) -> String {
        let place =
            (group.map { " to \($0)" } ?? addressText)
            + (interfaces.isEmpty ? "" : " on \(interfaceNames.joined(separator: ", ").printable)")
        let sourcePort = sourcePorts.map { ", source port \($0.text)" } ?? ""
        let port = subject == .masquerade && transport == nil ? "packets that leave" : portText
        if case .outbound(let users) = subject {
            let names = users.map(\.title).joined(separator: ", ")
            let sockets = users.isEmpty ? "" : " of \(names)"
            return "\(portText)\(place) to \(sources.isAny ? "any" : sources.text)\(sockets)\(sourcePort): \(reason)"
        }
        return "\(port)\(place) from \(sources.clientsText)\(sourcePort): \(reason)"
    }

    /// The difference for programs.
    var json: JSON {
        var members: [(String, JSON)] = [
            ("kind", .string(kind.rawValue)), ("protocol", .string(transport?.name ?? "any")),
            ("port", transport?.hasPorts == true ? ports.json : .null), ("family", .string(family.rawValue)),
            ("sources", .array(sources.texts(atMost: AccessReport.Row.listedSources).map(JSON.string))),
            ("subject", .string(subject.text)), ("reason", .string(reason)),
            ("rule", JSON(rule.map { "\($0)".printable })),
        ]
        let addresses = destinations.compactMap(\.addresses).reduce(AddressSet()) { $0.union($1) }
        if !addresses.isEmpty {
            members.append(
                ("addresses", .array(addresses.texts(atMost: AccessReport.Row.listedSources).map(JSON.string))))
        }
        if let sourcePorts { members.append(("source_ports", sourcePorts.json)) }
        if let group { members.append(("group", .string("\(group)"))) }
        if !interfaces.isEmpty { members.append(("interfaces", .array(interfaceNames.map { .string($0.printable) }))) }
        return .object(members)
    }
}
