internal import Addressing
internal import CLinux
internal import CMnl
internal import Glibc
internal import Rulesets

extension LegacyEntries {
    /// Targets that let a packet continue or translate its source; a target in neither list may drop it.
    private static let harmless: Set<String> = [
        "AUDIT", "CHECKSUM", "CLASSIFY", "CONNMARK", "CT", "DSCP", "ERROR", "HL", "LOG", "MARK", "MASQUERADE", "NFLOG",
        "NOTRACK", "SET", "SNAT", "TCPMSS", "TOS", "TRACE", "TTL",
    ]
    private static let targetHead = Int(shim_xt_target_head)
    private static let redirecting: Set<String> = ["DNAT", "NETMAP", "REDIRECT", "TPROXY"]
    private static let redirectingHere: Set<String> = ["REDIRECT", "TPROXY"]

    /// One entry: a rule, a policy, or the start of another chain.
    private struct Entry {
        /// The name of the target; empty for a verdict.
        let target: String
        /// The verdict, or the offset of the chain to which it jumps; `nil` for another target.
        let verdict: Int32?
        /// The offset of the next entry.
        let next: Int

        /// The offset of the chain to which it jumps; `nil` for none.
        var jump: Int? { verdict.flatMap { $0 >= 0 ? Int($0) : nil } }

        /// Whether another chain begins here: `XT_ERROR_TARGET`.
        var isStart: Bool { target == "ERROR" }
    }

    /// The effects of the entries that packets meet at each hook; `nil` if their offsets are invalid.
    func effects(
        _ entries: [UInt8], _ chains: [Hook: (first: Int, policy: Int)]
    ) -> LegacyTable.Effects? {
        var effects = LegacyTable.Effects()
        var counted: Set<Int> = []
        for (hook, chain) in chains {
            guard let met = met(from: chain, in: entries) else { return nil }
            for (offset, entry) in met {
                let (refuses, redirects) = (Self.refuses(entry), Self.redirecting.contains(entry.target))
                if refuses { effects.refusingHooks.insert(hook) }
                if redirects { effects.redirectingHooks.insert(hook) }
                guard counted.insert(offset).inserted else { continue }
                effects.refusing += refuses ? 1 : 0
                effects.redirecting += redirects ? 1 : 0
                effects.redirectingHere += Self.redirectingHere.contains(entry.target) ? 1 : 0
            }
        }
        return effects
    }

    /// Whether the entry drops, or may.
    ///
    /// The standard target has an empty name and a verdict: `-NF_DROP - 1`.
    private static func refuses(_ entry: Entry) -> Bool {
        entry.target.isEmpty
            ? entry.verdict == -NF_DROP - 1 : !harmless.union(redirecting).contains(entry.target)
    }

    /// The entries of a built-in chain and of all chains to which they jump, by offset; `nil` if an offset is invalid.
    private func met(from chain: (first: Int, policy: Int), in entries: [UInt8]) -> [Int: Entry]? {
        var (met, pending): ([Int: Entry], [Int]) = ([:], [chain.first])
        while var offset = pending.popLast() {
            // Another chain goes on to the start of the next one; a built-in one to its policy.
            while met[offset] == nil, offset < entries.count {
                guard let entry = entry(entries, at: offset) else { return nil }
                if entry.isStart { break }
                met[offset] = entry
                if let target = entry.jump { pending.append(target) }
                if offset == chain.policy { break }
                offset = entry.next
            }
        }
        return met
    }

    private func entry(_ entries: [UInt8], at start: Int) -> Entry? {
        guard let (toTarget, toNext) = distances(entries, at: start), toTarget > 0, toNext > toTarget,
            let name = entries.name(at: start + toTarget)
        else { return nil }
        let verdict: Int32? = name.isEmpty ? entries.hostOrderNumber(at: start + toTarget + Self.targetHead) : nil
        return Entry(target: name, verdict: verdict, next: start + toNext)
    }

    private func distances(_ entries: [UInt8], at start: Int) -> (target: Int, next: Int)? {
        guard let (targetOffset, nextOffset) = offsets as? (Int, Int),
            let target: UInt16 = entries.hostOrderNumber(at: start + targetOffset),
            let next: UInt16 = entries.hostOrderNumber(at: start + nextOffset)
        else { return nil }
        return (Int(target), Int(next))
    }
}

extension [UInt8] {
    /// A number in host order; `nil` past the end.
    func hostOrderNumber<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number? {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= count else { return nil }
        return span.number(at: offset)
    }

    /// The name of the target at this offset: after its size, up to NUL; `nil` past the end.
    fileprivate func name(at offset: Int) -> String? {
        let start = offset + MemoryLayout<UInt16>.size
        guard start + Int(XT_EXTENSION_MAXNAMELEN) <= count else { return nil }
        return String(decoding: self[start..<(start + Int(XT_EXTENSION_MAXNAMELEN))].prefix { $0 != 0 }, as: UTF8.self)
    }
}
