import ArgumentParser
import Glibc
import Tunnel

// Before anything that may start a thread.
if TunnelHelper.isWanted(CommandLine.arguments) { exit(TunnelHelper.main(CommandLine.arguments)) }
Modemail.main()
