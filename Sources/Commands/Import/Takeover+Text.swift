internal import Importing
internal import Printing
internal import Rulesets

extension Takeover.Unused {
    /// The chains and sets in a sentence, with a command that begins with `inside`.
    func text(inside: String) -> String {
        if isWholeTable {
            return "the table \(table), which has no chain at a hook: \(inside)nft delete table \(table)"
        }
        let parts = [("chain", chains), ("set", sets)].filter { !$0.1.isEmpty }.map { word, names in
            "the \(word)\(names.count == 1 ? "" : "s") \(names.joined(separator: ", "))"
        }
        return "\(parts.joined(separator: " and ")) of \(table), which nothing uses"
    }
}

extension Takeover.Firewall {
    /// The name in a few words.
    var text: String {
        switch self {
        case .firewalld: "firewalld"
        case .ufw: "ufw"
        case .iptables(let table, let chain, _): table.iptablesCommand + (chain == "INPUT" ? "" : " \(chain)")
        case .chain(let table, let chain): "\(table) \(chain)".printable
        case .rules(let table, let chain, let numbers):
            "\(table) \(chain), rules \(numbers.map(String.init).joined(separator: ", "))".printable
        case .portreeve: "portreeve"
        }
    }

    /// Whether commands of iptables end its decisions, for this boot only.
    var isOfIptables: Bool {
        switch self {
        case .iptables, .rules: true
        case .firewalld, .ufw, .chain, .portreeve: false
        }
    }

    /// The commands that end its decisions.
    var disabling: [(command: String, purpose: String)] {
        switch self {
        case .firewalld: return [("systemctl disable --now firewalld", "")]
        case .ufw: return [("ufw disable", "")]
        case .iptables(let table, let chain, let numbers):
            let program = table.iptablesCommand
            return [("\(program) -P \(chain) ACCEPT", ""), (Self.emptying(chain, of: numbers, by: program), "")]
        case .chain(let table, let chain):
            return [
                ("nft delete chain \(table) \(chain)".printable, "and delete it from the file that is loaded at boot")
            ]
        case .rules(let table, let chain, let numbers):
            let program = table.family == .ipv6 ? "ip6tables" : "iptables"
            // From the last one, since the numbers of those behind a deleted rule change.
            return numbers.sorted(by: >).map { ("\(program) -t \(table.name) -D \(chain) \($0)".printable, "") }
        case .portreeve: return []
        }
    }

    /// The command that empties a chain of iptables, or takes out its rules with these numbers, in which others stay.
    private static func emptying(_ chain: String, of numbers: [Int]?, by program: String) -> String {
        guard let numbers else { return "\(program) -F \(chain)" }
        let last = numbers.sorted(by: >).map(String.init).joined(separator: " ")
        return "for n in \(last); do \(program) -D \(chain) $n; done"
    }
}

extension TableName {
    /// The command for a table of iptables: `iptables`, `ip6tables -t mangle`.
    fileprivate var iptablesCommand: String {
        (family == .ipv6 ? "ip6tables" : "iptables") + (name == "filter" ? "" : " -t \(name)")
    }
}
