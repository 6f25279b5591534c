internal import Addressing
public import Compiler
public import Rulesets

extension [Finding] {
    /// A set counts as full from this part of its size in percent: the kernel counts sources that have timed out until it
    /// collects them, and a dump lacks them.
    private static var fullness: Int { 95 }

    /// The sets of `limit` and `connections` that are full.
    ///
    /// - Parameters:
    ///   - live: portreeve's table.
    ///   - origins: the policy lines of the compiled table.
    ///   - hits: the packets in the first counter of a rule, by chain and index.
    ///   - count: the number of sources in a set. It may be slow, and is asked only of sets that lacked a source.
    /// - Returns: a warning for each of them; `unknown` for a set that `count` cannot read.
    public static func fullLimits(
        in live: Table, origins: Origins, hits: (_ chain: String, _ index: Int) -> UInt64, count: (String) throws -> Int
    ) -> [Finding] {
        live.chains.flatMap { chain -> [Finding] in
            guard case .service(let service) = Names.purpose(ofChain: chain.name) else { return [] }
            return chain.rules.enumerated().compactMap { index, rule in
                guard let bound = OverflowingBound(rule), hits(chain.name, index) > 0,
                    let set = live.set(bound.set), let size = set.definition.size
                else { return nil }
                let sources: Int
                do { sources = try count(bound.set) } catch {
                    return .unread(
                        bound.set, of: live, aspect: "full",
                        "cannot tell whether set \"\(bound.set)\" of service \"\(service)\" is full: \(error)")
                }
                guard sources * 100 >= Int(size) * fullness else { return nil }
                let message =
                    "\(bound.isCount ? "\"connections\"" : "\"limit\"") of service \"\(service)\" is full: it "
                    + "remembers \(sources) \(set.definition.keyLength == 4 ? "IPv4" : "IPv6") sources of at most \(size); "
                    + "new ones share \(bound.allowance) until some are forgotten"
                return Finding(
                    .limitFull, .warning, message, service: service, table: "\(live.name)", chain: chain.name,
                    set: bound.set, policy: origins.chains[chain.name])
            }
        }
    }
}
