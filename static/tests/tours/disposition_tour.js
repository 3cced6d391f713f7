import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const CURRENT = ".o_statusbar_status .o_arrow_button_current";

/** Opens the transfer of a kind and validates it. */
const validate = (content, kind) => [
    {
        content,
        trigger: `.o_list_view .o_data_row:contains('/${kind}/'):contains('Ready') td[name='name']`,
        run: "click",
    },
    {
        trigger: `.o_form_view .o_field_widget[name='name']:contains('/${kind}/')`,
    },
    {
        trigger: ".o_form_view .o_statusbar_buttons button[name='button_validate']:enabled",
        run: "click",
    },
    {
        trigger: `.o_form_view:has(.o_field_widget[name='name']:contains('/${kind}/')) ${CURRENT}:contains('Done')`,
    },
];

/** Reads why goods are to go somewhere, sends them elsewhere, and follows them there. */
registry.category("web_tour.tours").add("oms_disposition", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open Order Management",
            trigger: ".o_app[data-menu-xmlid='oms.menu_root']",
            run: "click",
        },
        {
            content: "Open the menu of returns",
            trigger: ".o_menu_sections button[data-menu-xmlid='oms.menu_returns']",
            run: "click",
        },
        {
            trigger: ".dropdown-item[data-menu-xmlid='oms.menu_disposition']",
            run: "click",
        },
        {
            content: "What is to be decided",
            trigger: ".o_list_view .o_data_row:contains('Apple') td[name='product_id']",
            run: "click",
        },
        {
            content: "Read why",
            trigger: ".o_form_view .o_field_widget[name='why']:contains('Send to Far')",
        },
        {
            trigger: ".o_form_view .o_field_widget[name='option_ids'] .o_data_row:contains('Scrap')",
        },
        {
            content: "Decide otherwise",
            trigger: ".o_form_view button[name='action_override']",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name='kind'] input[data-value='send']",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name='site_id'] input",
            run: "edit Middle",
        },
        {
            trigger: ".modal .o_field_widget[name='site_id'] .dropdown-item:contains('Middle')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit The store asked for it",
        },
        {
            trigger: ".modal button[name='action_confirm']",
            run: "click",
        },
        {
            content: "The goods are under way",
            trigger: `.o_form_view ${CURRENT}:contains('Under Way')`,
        },
        {
            content: "Look at the transfers",
            trigger: "button[name='action_view_pickings']",
            run: "click",
        },
        ...validate("The goods leave", "OUT"),
        {
            content: "Back to both",
            trigger: ".o_back_button",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('/OUT/'):contains('Done')",
        },
        ...validate("The goods arrive", "IN"),
    ],
});
