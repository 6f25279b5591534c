internal import Addressing
public import Rulesets

/// A class of packets of this host by the user of their socket, which the rulesets do not distinguish.
public enum SocketUser: Hashable, Sendable {
    /// The user with this number.
    case number(UInt32)
    /// The users that no rule names; the number is one of them.
    case other(UInt32)
    /// No user: the packet has no socket, or one of the kernel.
    case none

    /// More users than these are one class, whose packets are not told apart.
    private static let most = 128

    /// The classes that the rulesets distinguish: the users that rules name, all others, and no user.
    public static func classes(in tables: [Table]) -> [SocketUser] {
        var numbers: Set<UInt32> = []
        for table in tables {
            for chain in table.chains {
                for rule in chain.rules { numbers.formUnion(named(in: rule)) }
            }
        }
        let named = numbers.sorted().prefix(most)
        let free = (UInt32(1 << 30)...).first { !numbers.contains($0) } ?? .max
        return named.map(SocketUser.number) + [.other(free), .none]
    }

    /// The numbers with which a rule compares the user, and those beside the ends of ranges, in either byte order.
    private static func named(in rule: Rule) -> [UInt32] {
        var isLoaded = false
        return rule.expressions.flatMap { expression -> [UInt32] in
            switch expression {
            case .meta(.socketUser, _): isLoaded = true
            case .compare(let comparison) where isLoaded:
                isLoaded = false
                return numbers(
                    comparison.value, isEnd: comparison.operator != .equal && comparison.operator != .notEqual)
            case .range(let range) where isLoaded:
                isLoaded = false
                return numbers(range.lower, isEnd: true) + numbers(range.upper, isEnd: true)
            case .lookup(let lookup) where isLoaded:
                isLoaded = false
                guard case .anonymous(let set) = lookup.set, case .list(let elements) = set.elements else { return [] }
                return elements.flatMap {
                    numbers($0.key, isEnd: $0.upper != nil) + numbers($0.upper ?? [], isEnd: true)
                }
            default: break
            }
            return []
        }
    }

    private static func numbers(_ bytes: [UInt8], isEnd: Bool) -> [UInt32] {
        guard bytes.count == MemoryLayout<UInt32>.size else { return [] }
        let host = UInt32(hostOrderBytes: bytes)
        guard isEnd else { return [host] }
        let network = UInt32(bigEndianBytes: bytes)
        return [host, network].flatMap { number -> [UInt32] in
            let (below, above) = (number == 0 ? 0 : number - 1, number == .max ? number : number + 1)
            return [below, number, above]
        }
    }
}
