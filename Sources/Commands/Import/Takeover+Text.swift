internal import Importing
internal import Printing
internal import Rulesets

extension Takeover.Unused {
    /// The chains and sets in a sentence.
    var text: String {
        if isWholeTable {
            return "the table \(table), which has no chain at a hook: nft delete table \(table)"
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
