import { registry } from "@web/core/registry";
import { says, scan, scanned } from "./site_work_steps";

const tours = registry.category("web_tour.tours");

/** Looks for kits at the screen of a site, which are delivered in Inventory. */
tours.add("oms_site_kit", {
    steps: () => [
        {
            content: "Scan the number of an order that is not worked on here",
            trigger: ".o_oms_card",
            run: () => scan("KIT-ALONE"),
        },
        says("error", "delivered in Inventory"),
        {
            content: "Open the order that has more than kits",
            trigger: ".o_oms_card:contains('KIT-AND-MORE')",
            run: "click",
        },
        {
            content: "Its kits are told",
            trigger: ".o_oms_beside:contains('Set'):contains('NEAR/OUT/')",
        },
        scanned("NUT-CODE", "Scan a part of the kit"),
        says("error", "is for [Set] Set"),
    ],
});

/** Looks at the order of a kit. */
tours.add("oms_order_kit", {
    steps: () => [
        {
            content: "It is told who delivers the kits",
            trigger: ".alert-info:contains('kits'):contains('Set'):contains('NEAR/OUT/')",
        },
    ],
});
