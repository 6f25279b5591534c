internal import CMnl
internal import CNftnl
internal import Glibc
internal import Rulesets
public import System

/// The nf_tables of the network namespace of the calling thread.
///
/// It speaks nfnetlink over its own socket: `linux/netfilter/nf_tables.h`, kernel 5.10 or later.
public struct Nftables: ~Copyable, Sendable {
    let socket: NetlinkSocket

    /// Opens a socket in the calling thread's network namespace; the socket stays there if the thread moves.
    ///
    /// - Throws: `unsupported` if the kernel has no nfnetlink.
    public init() throws(KernelError) {
        do throws(SystemError) {
            socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
        } catch {
            throw error.during("opening a netfilter netlink socket")
        }
    }

    /// The generation of the ruleset; every commit with a change makes a new one.
    ///
    /// - Throws: `permission` without CAP_NET_ADMIN, `unsupported` without nf_tables.
    public func generation() throws(KernelError) -> UInt32 {
        var generation: UInt32?
        let attempt = "reading the ruleset"
        do throws(SystemError) {
            try get(NFT_MSG_GETGEN, family: .init(rawValue: 0)) { message throws(SystemError) in
                generation = message.attributes?.u32(NFTA_GEN_ID) ?? generation
            }
        } catch {
            guard error.code == EINVAL || error.code == ENOENT else { throw error.during(attempt) }
            throw KernelError(.unsupported, attempt, code: error.code, answer: error.text)
        }
        guard let generation else { throw SystemError.malformed("a reply without a generation").during(attempt) }
        return generation
    }

    /// Requests one object, or all of them with `NLM_F_DUMP` in `flags`; calls `body` for each reply.
    ///
    /// - Returns: `false` if the kernel flagged a change during the dump.
    @discardableResult
    func get(
        _ type: nf_tables_msg_types, family: TableFamily, flags: Int32 = NLM_F_ACK,
        attributes: (inout AttributeWriter) -> Void = { _ in },
        _ body: (NetlinkMessage) throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        let sequence = socket.sequence()
        var writer = MessageWriter()
        writer.message(type, family: family.rawValue, flags: flags, sequence: sequence, attributes)
        return try socket.request(Array(writer.bytes), sequence: sequence, body)
    }

    /// Sends a request and reads no reply.
    func send(
        _ type: nf_tables_msg_types, family: TableFamily, attributes: (inout AttributeWriter) -> Void
    ) throws(SystemError) {
        var writer = MessageWriter()
        writer.message(type, family: family.rawValue, flags: 0, sequence: socket.sequence(), attributes)
        try socket.send(writer.bytes)
    }
}
