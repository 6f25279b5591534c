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

    /// The comment of nft or of iptables, which has it in a match of its own: `xt_comment.h` of the kernel.
    var note: String? {
        if let comment { return comment }
        for case .xtables(let match) in expressions where match.name == "comment" {
            return String(validating: match.info.prefix { $0 != 0 }, as: UTF8.self)
        }
        return nil
    }
}

extension RuleReference {
    /// The rule in nft's notation, without its comment, which is the reason of a service.
    var textWithoutComment: String {
        var place = self
        place.rule?.userdata = []
        return place.description
    }
}
