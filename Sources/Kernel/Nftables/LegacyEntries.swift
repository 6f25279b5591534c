internal import CLinux
internal import CMnl
internal import Glibc
internal import Rulesets

/// Reads the rules of `iptables-legacy` as far as to know what their targets do: `linux/netfilter_ipv4/ip_tables.h`.
struct LegacyEntries {
    /// Where the kernel lists the tables of the network namespace that a thread is in.
    let list: String
    private let family: Int32
    private let level: Int
    private let options: (info: Int32, entries: Int32)
    /// Where in an entry the distances to its target and to the next entry are.
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

    /// What a table's rules and policies do; `nil` where they cannot be read.
    func effects(of table: String) -> LegacyTable.Effects? {
        let descriptor = socket(family, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // `struct ipt_getinfo` and `struct ipt_get_entries` start with the name, and are the same for IPv6.
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

    /// Asks with the name of a table, and perhaps a number behind it.
    private func ask(
        _ descriptor: Int32, _ option: Int32, _ table: String, count: Int, _ number: (value: UInt32, offset: Int)? = nil
    ) -> [UInt8]? {
        guard table.utf8.count < Int(XT_TABLE_MAXNAMELEN) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.replaceSubrange(0..<table.utf8.count, with: table.utf8)
        if let (value, offset) = number {
            let octets = unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
            bytes.replaceSubrange(offset..<(offset + octets.count), with: octets)
        }
        var length = socklen_t(count)
        let code = unsafe bytes.withUnsafeMutableBytes {
            unsafe getsockopt(descriptor, Int32(level), option, $0.baseAddress, &length)
        }
        return code == 0 && Int(length) == count ? bytes : nil
    }
}

extension LegacyEntries {
    /// Targets that let a packet go on, or translate its source; what is neither these nor those may drop it.
    private static let harmless: Set<String> = [
        "AUDIT", "CHECKSUM", "CLASSIFY", "CONNMARK", "CT", "DSCP", "ERROR", "HL", "LOG", "MARK", "MASQUERADE", "NFLOG",
        "NOTRACK", "SET", "SNAT", "TCPMSS", "TOS", "TRACE", "TTL",
    ]
    private static let targetHead = unsafe MemoryLayout<xt_entry_target>.size
    private static let redirecting: Set<String> = ["DNAT", "NETMAP", "REDIRECT", "TPROXY"]

    /// What the entries do; `nil` where they do not follow each other as they should.
    private func effects(_ entries: [UInt8]) -> LegacyTable.Effects? {
        var (effects, start) = (LegacyTable.Effects(), 0)
        while start < entries.count {
            guard let (toTarget, toNext) = distances(entries, at: start), toTarget > 0, toNext > toTarget,
                let name = entries.name(at: start + toTarget)
            else { return nil }
            // The standard target has no name, and a verdict behind its head: `-NF_DROP - 1`.
            let verdict: Int32? = entries.number(at: start + toTarget + Self.targetHead)
            if name.isEmpty ? verdict == -NF_DROP - 1 : !Self.harmless.union(Self.redirecting).contains(name) {
                effects.refusing += 1
            }
            if Self.redirecting.contains(name) { effects.redirecting += 1 }
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
    /// A number in this machine's order; `nil` past the end.
    fileprivate func number<Number: FixedWidthInteger>(at offset: Int) -> Number? {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= count else { return nil }
        return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }

    /// The name of the target that starts here: behind its size, and ended by NUL; `nil` past the end.
    fileprivate func name(at offset: Int) -> String? {
        let start = offset + MemoryLayout<UInt16>.size
        guard start + Int(XT_EXTENSION_MAXNAMELEN) <= count else { return nil }
        return String(decoding: self[start..<(start + Int(XT_EXTENSION_MAXNAMELEN))].prefix { $0 != 0 }, as: UTF8.self)
    }
}
