internal import Addressing
public import Auditing
internal import Compiler
public import Kernel
internal import Listeners
public import Policies
internal import Reachability
internal import Rulesets
public import System

/// The policy that was applied and the live rulesets, as far as refusals are judged by them.
public struct RefusalJudge {
    private let verified: VerifiedPolicy
    private let ruleset: WholeRuleset
    private let compiled: CompiledPolicy
    private let published: PublishedTargets

    /// Reads the rulesets.
    ///
    /// - Parameters:
    ///   - verified: the policy.
    ///   - grants: the grants that are in force.
    ///   - store: the ruleset.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    /// - Throws: an error in reading the rulesets.
    public init(
        _ verified: VerifiedPolicy, _ grants: GrantBook, in store: any RulesetStore, now: Int64
    ) throws(KernelError) {
        self.verified = verified
        ruleset = try WholeRuleset(store, expecting: [verified.compiled.table])
        compiled = grants.expectation(verified.compiled, found: ruleset.own.table)
        published = PublishedTargets(ruleset.tables, in: ruleset.circumstances(now: now))
    }

    /// The generation of the rulesets that were read.
    public var generation: UInt32 { ruleset.generation }

    /// The policy.
    public var policy: Policy { verified.policy }

    /// Whether portreeve's table is loaded.
    public var isLoaded: Bool { ruleset.own.table != nil }

    /// The policy in the file, if that was edited since it was applied and can be used.
    public var edited: Policy? { verified.edit == nil ? nil : verified.declared }

    /// The refusals, as the policy judges them now, the last one first.
    public func judge(_ tally: RefusalTally, now: Int64) -> [Refusal] {
        RefusalAudit(
            policy: policy, table: compiled.table, in: ruleset.circumstances(now: now), now: now,
            publishedPorts: published.ports
        ).judge(tally)
    }

    /// Why packets that portreeve did not refuse may be among the refusals, in sentences.
    public var doubts: [String] {
        let tables = ruleset.others.filter(\.logsLikePortreeve).map { "\"\($0.name)\"" }
        let other =
            tables.isEmpty
            ? nil
            : "table \(tables.joined(separator: ", ")) logs with portreeve's prefix, and its packets are also counted"
        return policy.ambiguousNames.map {
            "\"\($0)\" logs the connections that it lets in as \"\(LogPrefix.accepted(service: $0).text)\", like refused ones: rename it"
        } + (other.map { [$0] } ?? [])
    }
}

/// The ports of this host that tables redirect, by their targets; computed when one is asked for.
private final class PublishedTargets {
    private let tables: [Table]
    private let circumstances: Circumstances
    private lazy var redirections = AccessRegions(tables, in: circumstances).redirections

    init(_ tables: [Table], in circumstances: Circumstances) {
        (self.tables, self.circumstances) = (tables, circumstances)
    }

    /// The dialled ports of packets to a target, at most two of each redirection, since only a single port is an answer.
    func ports(_ transport: TransportProtocol, _ target: IPAddress) -> [UInt16] {
        redirections.filter { $0.transport == transport && $0.target == target }.flatMap { $0.ports.prefix(2) }
    }
}

extension Table {
    /// Whether one of its rules logs with a prefix that portreeve uses.
    fileprivate var logsLikePortreeve: Bool {
        chains.contains { chain in
            chain.rules.contains { rule in
                rule.expressions.contains {
                    if case .log(let statement) = $0 { LogPrefix(statement.prefix ?? "") != nil } else { false }
                }
            }
        }
    }
}

extension Policy {
    /// The services and entries of `trusted` that log under a prefix of refusals.
    fileprivate var ambiguousNames: [String] {
        let logging = services.filter { $0.entries.contains(where: \.log) }.map(\.name)
        return (logging + trusted.filter(\.entry.log).map(\.name)).filter {
            LogPrefix(LogPrefix.accepted(service: $0).text) != .accepted(service: $0)
        }
    }
}
