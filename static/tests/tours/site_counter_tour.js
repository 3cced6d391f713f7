import { registry } from "@web/core/registry";
import { confirms, does, opens, says } from "./site_work_steps";

registry.category("web_tour.tours").add("oms_site_work_counter", {
    steps: () => [
        opens("Ada"),
        {
            content: "It says what is to be paid",
            trigger: ".o_oms_payment_panel:contains('19.98')",
        },
        does("pay", ".btn-primary"),
        {
            trigger: ".modal .o_oms_due:contains('19.98')",
        },
        {
            content: "Too little",
            trigger: ".modal input[name='given']",
            run: "edit 10",
        },
        {
            trigger: ".modal .o_oms_confirm:disabled",
        },
        {
            trigger: ".modal input[name='given']",
            run: "edit 50",
        },
        {
            trigger: ".modal .o_oms_change:contains('30.02')",
        },
        confirms,
        says("ok", "30.02"),
        {
            trigger: ".o_oms_payment_panel:contains('Paid')",
        },
        does("collect", ".btn-primary"),
        {
            trigger: ".modal input[name='identity']",
        },
        confirms,
        says("done", "Handed over"),
    ],
});
