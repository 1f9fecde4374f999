import SMTP
import Settings

extension SMTPTimeouts {
    init(_ timeouts: Timeouts) {
        self.init()
        greeting = timeouts.greeting
        command = timeouts.command
        mail = timeouts.command
        recipient = timeouts.command
        data = timeouts.data
        dataBlock = timeouts.dataBlock
        dataTermination = timeouts.dataTermination
    }
}
