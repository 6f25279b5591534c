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
            "gone": .array(result.gone.map { .string("\($0.rule)".printable) }),
            "remarks": .array(result.remarks.map { .string($0.printable) }),
            "unused": .array(result.takeover.unused.map { .string($0.text(inside: inside).printable) }),
            "steps": .array(steps.map { .string($0.command) }),
        ]
    }

    /// The report for people.
    func lines(_ console: Console) -> [String] {
        let style: Console.Style = proof.verdict == .equal ? .green : .yellow
        let written = path == "-" ? [] : ["written: \(path.printable)"]
        let differences = groups.map { console.styled($0.text, $0.first.kind == .wider ? .red : .yellow) }
        return written + [console.styled(headline, style)] + legend + differences + needs
            + result.kept.map { "stays: \("\($0.rule)".printable) (\($0.reason.rawValue))" }
            + result.gone.map { "goes: \("\($0.rule)".printable) (\($0.reason.rawValue))" }
            + result.remarks.map { "note: \($0.printable)" } + warnings.map { "warning: \($0)" }
            + ["next:"] + stepLines
            + result.takeover.unused.map { "left over then: \($0.text(inside: inside).printable)" }
    }

    /// The differences to decide about: not what every host needs, and not replies to DHCP clients.
    private var others: [ImportDifference] {
        proof.differences.filter { !$0.isNeeded && !$0.isOfDHCP && !$0.isOfDHCPv6 }
    }

    private var groups: [DifferenceGroup] { DifferenceGroup.all(of: others) }

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

    /// What the signs of the differences mean.
    private var legend: [String] {
        let meanings = [("+", "by the policy alone"), ("-", "by the rulesets alone"), ("?", "not known")]
        let signs = Set(groups.map(\.first.sign))
        let used = meanings.filter { signs.contains($0.0) }.map { "\($0.0) \($0.1)" }
        return used.isEmpty ? [] : ["(\(used.joined(separator: ", ")))"]
    }

    private var headline: String {
        others.isEmpty && !proof.differences.isEmpty
            ? "equal except for essential traffic: \(ordinary)" : "\(word): \(sentence)"
    }

    /// The line about what the link needs beside other differences.
    private var needs: [String] {
        ordinary.isEmpty || others.isEmpty ? [] : ["also, essential traffic: \(ordinary)"]
    }

    /// The verdict in words.
    private var word: String { verdict == .incomparable ? "narrower and wider" : verdict.rawValue }

    /// The verdict on the differences to decide about.
    private var verdict: ImportProof.Verdict { .init(on: others) }

    private var sentence: String {
        let total = groups.reduce(0) { $0 + 1 + $1.more }
        let number = total == 1 ? "1 difference" : "\(total) differences"
        let count = ordinary.isEmpty ? number : "\(number), and essential traffic"
        return switch verdict {
        case .equal: "the policy lets in exactly the new connections that the live rulesets let in"
        case .narrower: "the policy refuses connections that the live rulesets let in (\(count))"
        case .wider: "the policy lets in connections that the live rulesets refuse (\(count))"
        case .incomparable:
            "the policy lets in some connections that the live rulesets refuse, and refuses some that they let in (\(count))"
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

    /// What a command of another program begins with in the network namespace that was named.
    private var inside: String { kernel.netns.map { "ip netns exec \($0.shellWord) " } ?? "" }

    private var steps: [Step] {
        let invocation = Invocation(policy: path == "-" ? "POLICY" : path, kernel)
        let firewalls = result.takeover.firewalls
        let lastOfIptables = firewalls.lastIndex(where: \.isOfIptables)
        let disabling = firewalls.indices.flatMap { index -> [Step] in
            var steps = firewalls[index].disabling.map { Step(command: inside + $0.command, purpose: $0.purpose) }
            if index == lastOfIptables, !steps.isEmpty {
                steps[steps.count - 1].purpose = "then save the rules of iptables to the file that is loaded at boot"
            }
            return steps
        }
        let file = path == "-" ? "POLICY is your file with the policy above" : "after you have read it"
        return [
            Step(command: invocation.command("check"), purpose: "\(file), with \"why\" filled in"),
            Step(
                command: "\(invocation.command("apply")) --confirm 5m", purpose: "both firewalls decide from here on"),
            Step(
                command: invocation.command("confirm"),
                purpose: "from a new login; \"systemctl enable portreeve.service\" loads it at boot"),
        ] + disabling + [Step(command: invocation.command("verify"))]
    }

    private var stepLines: [String] {
        steps.enumerated().map { index, step in
            "  \(index + 1). \(step.command)" + (step.purpose.isEmpty ? "" : "   # \(step.purpose)")
        }
    }
}
