internal import Reachability
internal import Rulesets

extension Rule {
    /// Whether it tests more than that the packet is there.
    var hasCondition: Bool {
        expressions.contains { expression in
            switch expression {
            case .compare, .range, .lookup: true
            case .xtables(let part): part.kind == .match && part.name != "comment"
            default: false
            }
        }
    }

    /// The comment of nft or of iptables; `nil` for the name of an application of ufw, which is no reason.
    var note: String? { anyNote.flatMap { $0.ufwApplication == nil ? $0 : nil } }

    /// The application of ufw that the comment names; `nil` for none.
    var application: String? { anyNote?.ufwApplication }

    /// The comment; iptables has it in a match of its own: `xt_comment.h` of the kernel.
    private var anyNote: String? {
        if let comment { return comment }
        for case .xtables(let match) in expressions where match.name == "comment" {
            return String(validating: match.info.prefix { $0 != 0 }, as: UTF8.self)
        }
        return nil
    }
}

extension [Table] {
    /// The comment of a rule in the tables as they were read: evaluation leaves out the comments of iptables.
    func note(of place: RuleReference) -> String? { rule(at: place).map(\.note) ?? place.rule?.note }

    /// The comment of the element that a rule looks up for a packet, or else that of the rule.
    func note(of place: RuleReference, for packet: Packet) -> String? {
        elementNote(of: place, for: packet) ?? note(of: place)
    }

    /// The comment of the element that a rule looks up for the port of a packet; of several elements, the first three.
    func elementNote(of place: RuleReference, for packet: Packet) -> String? {
        guard let table = first(where: { $0.name == place.table }), let rule = rule(at: place) else { return nil }
        let comments = rule.elementComments(for: packet.transport, packet.port, in: table).distinct
        return comments.isEmpty ? nil : comments.prefix(3).joined(separator: "; ")
    }

    /// The application of ufw that the comment of a rule names; `nil` for none.
    func application(of place: RuleReference) -> String? { rule(at: place)?.application }

    /// The rule at a place in the tables as they were read; `nil` for a policy.
    func rule(at place: RuleReference) -> Rule? {
        let rules = first { $0.name == place.table }?.chain(place.chain)?.rules ?? []
        return place.index.flatMap { $0 < rules.count ? rules[$0] : nil }
    }
}

extension RuleReference {
    /// The rule in nft's notation, without its comment, which is the reason of a service, and without counters, which decide nothing.
    var textWithoutComment: String { uncommented.description }

    /// The rule without its comment and its counters.
    fileprivate var uncommented: RuleReference {
        var place = self
        place.rule?.userdata = []
        place.rule?.expressions.removeAll { $0 == .counter }
        return place
    }
}

extension [RuleReference] {
    /// More rules, or chains of one rule, than these are counted.
    private static var mostNames: Int { 3 }

    /// The rules in nft's notation, the first ones of many, each once with its chains; `nil` for none.
    var names: String? {
        var order: [String] = []
        var chains: [String: [String]] = [:]
        for place in map(\.uncommented) {
            let start = "\(place.table) \(place.chain)"
            let rule = "\(place.table)" + place.description.dropFirst(start.count)
            if chains[rule] == nil { order.append(rule) }
            if chains[rule]?.contains(place.chain) != true { chains[rule, default: []].append(place.chain) }
        }
        let texts = order.prefix(Self.mostNames).map { rule -> String in
            let (names, table) = (chains[rule] ?? [], rule.prefix { $0 != ":" })
            return "\"\(table) \(Self.first(of: names))\(rule.dropFirst(table.count))\""
        }
        return order.isEmpty ? nil : Self.first(of: texts + order.dropFirst(Self.mostNames))
    }

    /// The first ones of many texts, and the number of others.
    private static func first(of texts: [String]) -> String {
        let more = texts.count - mostNames
        return (texts.prefix(mostNames) + (more > 0 ? ["and \(more) more"] : [])).joined(separator: ", ")
    }
}

extension RuleReference {
    /// The rule in nft's notation, with the bytes that it compares by their offset in words.
    var doubtText: String {
        let text = description
        let headers = ["@ll": "link", "@nh": "network", "@th": "transport"]
        for word in text.split(separator: " ") {
            let parts = word.split(separator: ",")
            if parts.count == 3, let header = headers[String(parts[0])] {
                return "\(text) (\(word): \(parts[2]) bits of the \(header) header from bit \(parts[1]))"
            }
        }
        return text
    }
}

extension String {
    /// The name of the application profile in a comment of ufw, such as `'dapp_Nginx%20Full'`; `nil` for other comments.
    fileprivate var ufwApplication: String? {
        let start = "'dapp_"
        guard hasPrefix(start), hasSuffix("'"), count > start.count + 1 else { return nil }
        let name = dropFirst(start.count).dropLast().split(separator: ",").first ?? ""
        return String(name.replacing("%20", with: " "))
    }

    /// The rule in a comment without the tests that every new connection of TCP passes.
    var withoutNewConnection: String {
        replacing("tcp flags & (fin | syn | rst | ack) == syn tcp ", with: "tcp ").replacing("ct state new ", with: "")
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of the first ones.
    var distinct: Self {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension [String] {
    /// The first elements, and the number of further rules, or of others.
    func rules(atMost most: Int, of noun: String = "rule") -> Self {
        let more = count - most
        return more > 0 ? prefix(most) + ["and \(more) more \(noun)\(more == 1 ? "" : "s")"] : self
    }
}
