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
    let offsets: (target: Int?, next: Int?)

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
        guard let info = ask(descriptor, options.info, table, count: MemoryLayout<ipt_getinfo>.size),
            let sizeOffset = MemoryLayout<ipt_getinfo>.offset(of: \.size),
            let size: UInt32 = info.hostOrderNumber(at: sizeOffset),
            let requested = MemoryLayout<ipt_get_entries>.offset(of: \.size)
        else { return nil }
        let head = MemoryLayout<ipt_get_entries>.size
        guard let all = ask(descriptor, options.entries, table, count: head + Int(size), (size, requested)) else {
            return nil
        }
        return effects(Array(all.dropFirst(head)), Self.builtInChains(info))
    }

    /// The first entry and the policy of the chain at each hook, as offsets; empty if `info` is incomplete.
    private static func builtInChains(_ info: [UInt8]) -> [Hook: (first: Int, policy: Int)] {
        guard let validOffset = MemoryLayout<ipt_getinfo>.offset(of: \.valid_hooks),
            let firstOffset = MemoryLayout<ipt_getinfo>.offset(of: \.hook_entry),
            let policyOffset = MemoryLayout<ipt_getinfo>.offset(of: \.underflow),
            let valid: UInt32 = info.hostOrderNumber(at: validOffset)
        else { return [:] }
        var chains: [Hook: (first: Int, policy: Int)] = [:]
        for number in 0..<Int(NF_INET_NUMHOOKS.rawValue) where valid & 1 << UInt32(number) != 0 {
            let place = number * MemoryLayout<UInt32>.size
            guard let first: UInt32 = info.hostOrderNumber(at: firstOffset + place),
                let policy: UInt32 = info.hostOrderNumber(at: policyOffset + place)
            else { return [:] }
            chains[Hook(rawValue: UInt32(number))] = (Int(first), Int(policy))
        }
        return chains
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
