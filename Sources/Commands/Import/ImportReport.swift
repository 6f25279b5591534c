internal import Addressing
internal import Changes
internal import Importing
internal import Printing
internal import Reachability
internal import Rulesets

/// The proof of an import, and the commands of the hand-over.
struct ImportReport {
    private let result: RulesetImport
    private let proof: ImportProof
    private let path: String
    private let kernel: KernelOptions

    init(_ result: RulesetImport, _ proof: ImportProof, path: String, _ kernel: KernelOptions) {
        (self.result, self.proof, self.path, self.kernel) = (result, proof, path, kernel)
    }

    /// The report for programs.
    var json: JSON {
        [
            "format_version": 1, "policy": .string(result.text), "verdict": .string(proof.verdict.rawValue),
            "differences": .array(proof.differences.map(\.json)),
            "firewalls": .array(result.takeover.firewalls.map { .string($0.text) }),
            "kept": .array(result.kept.map { .string("\($0.rule)".printable) }),
            "remarks": .array(result.remarks.map { .string($0.printable) }),
            "unused": .array(result.takeover.unused.map { .string($0.text.printable) }),
            "steps": .array(steps.map { .string($0.command) }),
        ]
    }

    /// The report for people.
    func lines(_ console: Console) -> [String] {
        let style: Console.Style = proof.verdict == .equal ? .green : .yellow
        let written = path == "-" ? [] : ["written: \(path.printable)"]
        let differences = others.grouped.map { first, more in
            let others = more > 0 ? " (and \(more) more by this rule)" : ""
            return console.styled("\(first.sign) \(first.text)\(others)", first.kind == .wider ? .red : .yellow)
        }
        return written + [console.styled(headline, style)] + differences + needs
            + result.kept.map { "stays: \("\($0.rule)".printable) (\($0.reason.rawValue))" }
            + result.remarks.map { "note: \($0.printable)" } + warnings.map { "warning: \($0)" }
            + ["next:"] + stepLines + result.takeover.unused.map { "left over: \($0.text.printable)" }
    }

    /// The differences without those that no reader has to weigh: what every host needs, and replies to DHCP clients.
    private var others: [ImportDifference] {
        proof.differences.filter { !$0.isNeeded && !$0.isOfDHCP && !$0.isOfDHCPv6 }
    }

    /// Those in a few words, each once; empty for none.
    private var ordinary: String {
        var texts: [String] = []
        for difference in proof.differences.filter(\.isNeeded) {
            let text = difference.neededText
            // What is let in from every source port says it for one.
            if !texts.contains(where: { text.hasPrefix($0) }) { texts.append(text) }
        }
        let needed = texts.isEmpty ? [] : ["portreeve lets in or out \(texts.joined(separator: ", "))"]
        // RFC 2131 4.1; man 7 packet: a packet socket gets its copy before the hooks of IP.
        let client = "a DHCP client gets its replies (udp/68 from source port 67) at a packet socket, before any filter"
        let servers = "it refuses replies to a DHCPv6 client (udp/546) that come from other addresses than fe80::/10"
        return
            (needed + (proof.differences.contains(where: \.isOfDHCPv6) ? [servers] : [])
            + (proof.differences.contains(where: \.isOfDHCP) ? [client] : [])).joined(separator: "; ")
    }

    private var headline: String {
        others.isEmpty && !proof.differences.isEmpty
            ? "equal but for what the link needs: \(ordinary)" : "\(proof.verdict.rawValue): \(sentence)"
    }

    /// The line about what the link needs beside other differences.
    private var needs: [String] {
        ordinary.isEmpty || others.isEmpty ? [] : ["besides, what the link needs: \(ordinary)"]
    }

    private var sentence: String {
        let count = others.count == 1 ? "1 difference" : "\(others.count) differences"
        return switch proof.verdict {
        case .equal: "the policy lets in exactly the new connections that the live rulesets let in"
        case .narrower: "the policy refuses connections that the live rulesets let in (\(count))"
        case .wider: "the policy lets in connections that the live rulesets refuse (\(count))"
        case .incomparable: "the policy lets in some connections more and some less than the live rulesets (\(count))"
        case .unknown: "nothing is known to differ, but not everything can be compared (\(count))"
        }
    }

    /// Chains that go with a firewall, and decide on other packets than the policy does.
    private var warnings: [String] {
        result.takeover.lost.map {
            "\($0.table) \($0.chain) goes with its firewall, too: the policy does not replace it".printable
        }
    }

    /// A command of the hand-over, and its purpose.
    private struct Step {
        let command: String
        var purpose = ""
    }

    private var steps: [Step] {
        let invocation = Invocation(policy: path == "-" ? "POLICY" : path, kernel)
        let inside = kernel.netns.map { "ip netns exec \($0.printable) " } ?? ""
        let disabling = result.takeover.firewalls.flatMap {
            $0.disabling.map { Step(command: inside + $0.command, purpose: $0.purpose) }
        }
        return [
            Step(command: invocation.command("check"), purpose: "after you have read it and filled in \"why\""),
            Step(
                command: "\(invocation.command("apply")) --confirm 5m", purpose: "both firewalls decide from here on"),
            Step(command: invocation.command("confirm"), purpose: "from a new login"),
        ] + disabling + [Step(command: invocation.command("verify"))]
    }

    private var stepLines: [String] {
        steps.enumerated().map { index, step in
            "  \(index + 1). \(step.command)" + (step.purpose.isEmpty ? "" : "   # \(step.purpose)")
        }
    }
}

extension Takeover.Unused {
    /// The chains and sets in a sentence.
    fileprivate var text: String {
        if isWholeTable {
            return "the table \(table) has no chain at a hook any more, and decides nothing: nft delete table \(table)"
        }
        let parts = [("chain", chains), ("set", sets)].filter { !$0.1.isEmpty }.map { word, names in
            "the \(word)\(names.count == 1 ? "" : "s") \(names.joined(separator: ", "))"
        }
        let verb = chains.count + sets.count == 1 ? "decides" : "decide"
        return "\(parts.joined(separator: " and ")) of \(table), which \(verb) nothing any more"
    }
}

extension Takeover.Firewall {
    /// The name in a few words.
    var text: String {
        switch self {
        case .firewalld: "firewalld"
        case .ufw: "ufw"
        case .iptables(let family): family == .ipv6 ? "ip6tables" : "iptables"
        case .chain(let table, let chain): "\(table) \(chain)".printable
        case .iptablesOutput(let family): family == .ipv6 ? "ip6tables OUTPUT" : "iptables OUTPUT"
        case .rules(let table, let chain, let numbers):
            "\(table) \(chain), rules \(numbers.map(String.init).joined(separator: ", "))".printable
        case .portreeve: "portreeve"
        }
    }

    /// The commands that end its decisions.
    var disabling: [(command: String, purpose: String)] {
        switch self {
        case .firewalld: return [("systemctl disable --now firewalld", "")]
        case .ufw: return [("ufw disable", "")]
        case .iptables(let family):
            let program = family == .ipv6 ? "ip6tables" : "iptables"
            return [
                ("\(program) -P INPUT ACCEPT", ""),
                ("\(program) -F INPUT", "and save that where your rules are loaded from at boot"),
            ]
        case .chain(let table, let chain):
            return [
                ("nft delete chain \(table) \(chain)".printable, "and delete it from the file that is loaded at boot")
            ]
        case .iptablesOutput(let family):
            let program = family == .ipv6 ? "ip6tables" : "iptables"
            return [("\(program) -P OUTPUT ACCEPT", ""), ("\(program) -F OUTPUT", "")]
        case .rules(let table, let chain, let numbers):
            let program = table.family == .ipv6 ? "ip6tables" : "iptables"
            // From the last one, since the numbers of those behind a deleted rule change.
            return numbers.sorted(by: >).map { ("\(program) -t \(table.name) -D \(chain) \($0)".printable, "") }
        case .portreeve: return []
        }
    }
}

extension ImportDifference.Subject {
    /// The name for programs.
    fileprivate var text: String {
        switch self {
        case .access: "access"
        case .target: "target"
        case .elsewhere: "elsewhere"
        case .masquerade: "masquerade"
        case .outbound: "outbound"
        }
    }
}

extension ImportDifference {
    /// The sign of a line.
    fileprivate var sign: String { [.wider: "+", .narrower: "-", .unknown: "?"][kind] ?? "?" }

    /// The ports, the protocol first.
    private var portText: String {
        guard let transport else { return "protocols that no rule names" }
        if isEchoRequest { return "ping" }
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
    fileprivate var reason: String {
        if let limit { return "the policy cannot say the limit of \"\(limit)\"".printable }
        switch subject {
        case .access: break
        case .target(let target):
            let place = target.map { "leads to \($0)" } ?? "leads to a place that is not known"
            return "it \(place) by \(rule.map { "\"\($0)\"".printable } ?? "a rule"), and elsewhere by the policy"
        case .elsewhere:
            return
                "\(rule.map { "\"\($0)\"".printable } ?? "a rule") also translates what is dialled at addresses of other hosts"
        case .outbound: return outboundReason
        case .masquerade:
            return switch kind {
            case .wider: "it leaves under this host's address by the policy alone"
            case .narrower: "it leaves under this host's address by the rulesets alone"
            case .unknown: "it is not known whether \(rule.map { "\"\($0)\"".printable } ?? "a rule") masquerades it"
            }
        }
        if isNeeded { return "every host needs it, and portreeve lets it in" }
        let name = rule.map { "\"\($0)\"".printable } ?? "a rule"
        return switch kind {
        case .wider: "\(name) refuses it"
        case .narrower where sourcePorts != nil: "\(name) lets it in, and a policy cannot say source ports"
        case .narrower: "\(name) lets it in, which the policy does not say"
        case .unknown: "it is not known what \(name) does with it"
        }
    }

    /// The cause of a difference in the connections of this host.
    private var outboundReason: String {
        let name = rule.map { "\"\($0)\"".printable } ?? "a rule"
        return switch kind {
        case .wider where isNeeded: "every host needs it, and portreeve lets it out"
        case .wider: "\(name) refuses it"
        case .narrower where sourcePorts != nil: "\(name) lets it out, and a policy cannot say source ports"
        case .narrower where rule == nil: "no rule refuses it, and the policy does not say it"
        case .narrower: "\(name) lets it out, which the policy does not say"
        case .unknown: "it is not known what \(name) does with it"
        }
    }

    /// The difference without its cause, for one that every host needs.
    fileprivate var neededText: String {
        let sourcePort = sourcePorts.map { ", source port \($0.text)" } ?? ""
        if case .outbound = subject { return "\(portText) to \(sources.isAny ? "any" : sources.text)\(sourcePort)" }
        return "\(portText)\(group.map { " to \($0)" } ?? "") from \(sources.clientsText)\(sourcePort)"
    }

    /// The difference in a line.
    fileprivate var text: String {
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
    fileprivate var json: JSON {
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

extension [ImportDifference] {
    /// The first difference by each cause, and the number of others.
    fileprivate var grouped: [(first: ImportDifference, more: Int)] {
        var places: [String: Int] = [:]
        var groups: [(first: ImportDifference, more: Int)] = []
        for difference in self {
            let cause = "\(difference.sign) \(difference.reason) \(difference.rule == nil)"
            if let place = places[cause], difference.rule != nil {
                groups[place].more += 1
            } else {
                places[cause] = groups.count
                groups.append((difference, 0))
            }
        }
        return groups
    }
}
