internal import CMnl
internal import CNftnl
internal import Glibc
public import System

/// The kernel's notices of commits to nf_tables in the network namespace of the calling thread, by any process.
public final class RulesetNotices: ChangeNotices {
    private let socket: NetlinkSocket
    private var buffer = NetlinkSocket.receiveBuffer()

    /// Subscribes to the notices.
    ///
    /// - Throws: `permission` without CAP_NET_ADMIN.
    public init() throws(KernelError) {
        do throws(SystemError) {
            socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
            try socket.join(group: Int32(NFNLGRP_NFTABLES.rawValue))
        } catch {
            throw error.during("subscribing to the notices of nf_tables")
        }
    }

    /// The descriptor of the socket.
    public var descriptor: Int32 { socket.descriptor }

    /// Takes the notices that have come, whatever they say; returns whether there were any.
    public func take() throws(KernelError) -> Bool {
        var found = false
        while true {
            do throws(SystemError) {
                guard try socket.receive(into: &buffer, waits: false) != nil else { return found }
            } catch {
                // The kernel dropped notices that were not read in time: that is a notice, too.
                guard error.code == ENOBUFS else { throw error.during("reading the notices of nf_tables") }
            }
            found = true
        }
    }
}
