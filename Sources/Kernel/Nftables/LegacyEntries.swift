internal import Addressing
internal import CLinux
internal import CMnl
internal import Glibc
internal import Rulesets

/// Reads the targets of the rules of `iptables-legacy`: `linux/netfilter_ipv4/ip_tables.h`.
struct LegacyEntries {
    /// The path of the file that lists the tables of the network namespace.
    let list: String
    private let family: Int32
    private let level: Int
    private let options: (info: Int32, entries: Int32)
    /// The offsets, in an entry, of the distances to its target and to the next entry.
    private let offsets: (target: Int?, next: Int?)

    static let ipv4 = LegacyEntries(
        list: "/proc/thread-self/net/ip_tables_names", family: AF_INET, level: Int(IPPROTO_IP),
        options: (IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES),
        offsets: (
            MemoryLayout<ipt_entry>.offset(of: \.target_offset), MemoryLayout<ipt_entry>.offset(of: \.next_offset)
        ))
    static let ipv6 = LegacyEntries(
        list: "/proc/thread-self/net/ip6_tables_names", family: AF_INET6, level: Int(IPPROTO_IPV6),
        options: (IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES),
        offsets: (
            MemoryLayout<ip6t_entry>.offset(of: \.target_offset), MemoryLayout<ip6t_entry>.offset(of: \.next_offset)
        ))

    /// The effects of a table's rules and policies; `nil` if they cannot be read.
    func effects(of table: String) -> LegacyTable.Effects? {
        let descriptor = socket(family, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // `struct ipt_getinfo` and `struct ipt_get_entries` start with the name; IPv6 has the same layout.
        guard let sizeOffset = MemoryLayout<ipt_getinfo>.offset(of: \.size),
            let info = ask(descriptor, options.info, table, count: MemoryLayout<ipt_getinfo>.size),
            let size: UInt32 = info.number(at: sizeOffset),
            let requested = MemoryLayout<ipt_get_entries>.offset(of: \.size)
        else { return nil }
        let head = MemoryLayout<ipt_get_entries>.size
        guard let all = ask(descriptor, options.entries, table, count: head + Int(size), (size, requested)) else {
            return nil
        }
        return effects(Array(all.dropFirst(head)))
    }

    /// Calls getsockopt(2) with a buffer that starts with the table's name, and optionally has a number at an offset.
    private func ask(
        _ descriptor: Int32, _ option: Int32, _ table: String, count: Int, _ number: (value: UInt32, offset: Int)? = nil
    ) -> [UInt8]? {
        guard table.utf8.count < Int(XT_TABLE_MAXNAMELEN) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.replaceSubrange(0..<table.utf8.count, with: table.utf8)
        if let (value, offset) = number {
            bytes.replaceSubrange(offset..<(offset + MemoryLayout<UInt32>.size), with: value.hostOrderBytes)
        }
        return SocketOption.answer(option, Int32(level), of: descriptor, to: bytes)
    }
}

extension LegacyEntries {
    /// Targets that let a packet continue or translate its source; a target in neither list may drop it.
    private static let harmless: Set<String> = [
        "AUDIT", "CHECKSUM", "CLASSIFY", "CONNMARK", "CT", "DSCP", "ERROR", "HL", "LOG", "MARK", "MASQUERADE", "NFLOG",
        "NOTRACK", "SET", "SNAT", "TCPMSS", "TOS", "TRACE", "TTL",
    ]
    private static let targetHead = Int(shim_xt_target_head)
    private static let redirecting: Set<String> = ["DNAT", "NETMAP", "REDIRECT", "TPROXY"]
    private static let redirectingHere: Set<String> = ["REDIRECT", "TPROXY"]

    /// The effects of the entries; `nil` if their offsets are invalid.
    private func effects(_ entries: [UInt8]) -> LegacyTable.Effects? {
        var (effects, start) = (LegacyTable.Effects(), 0)
        while start < entries.count {
            guard let (toTarget, toNext) = distances(entries, at: start), toTarget > 0, toNext > toTarget,
                let name = entries.name(at: start + toTarget)
            else { return nil }
            // The standard target has an empty name and, after its header, a verdict: `-NF_DROP - 1`.
            let verdict: Int32? = entries.number(at: start + toTarget + Self.targetHead)
            if name.isEmpty ? verdict == -NF_DROP - 1 : !Self.harmless.union(Self.redirecting).contains(name) {
                effects.refusing += 1
            }
            if Self.redirecting.contains(name) { effects.redirecting += 1 }
            if Self.redirectingHere.contains(name) { effects.redirectingHere += 1 }
            start += toNext
        }
        return effects
    }

    private func distances(_ entries: [UInt8], at start: Int) -> (target: Int, next: Int)? {
        guard let (targetOffset, nextOffset) = offsets as? (Int, Int),
            let target: UInt16 = entries.number(at: start + targetOffset),
            let next: UInt16 = entries.number(at: start + nextOffset)
        else { return nil }
        return (Int(target), Int(next))
    }
}

extension [UInt8] {
    /// A number in host order; `nil` past the end.
    fileprivate func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number? {
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
